"""What every test of hostile input asks: an end in success or in one line, and an end at all."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ablation.running.errors import UserError

# Seconds after which a test hangs. No test depends on taking less.
HANG = 300


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"no end after {HANG} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANG)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def outcome(action: Callable[[], Any]) -> Any:
    """What an action returns, or its error: only a UserError of one line passes."""
    try:
        return action()
    except UserError as error:
        found = error
    assert len(str(found).splitlines()) == 1, str(found)
    assert len(str(found)) < 5000
    return found


def refused(action: Callable[[], Any], *parts: str) -> None:
    error = outcome(action)
    assert isinstance(error, UserError), f"not refused: {error}"
    assert all(part in str(error) for part in parts), str(error)


FOUR = ("a/0.png", "a/1.png", "b/0.png", "b/1.png")


def write_photos(root: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (12, 10, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / name, "PNG")
    return root
