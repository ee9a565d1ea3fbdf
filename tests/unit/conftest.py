"""Signals as they were before a test, and trainings that several tests look at."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flowers import Flowers


@pytest.fixture
def _handlers() -> Iterator[None]:
    """Put back what `heed` changes."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> Flowers:
    """Not to be changed."""
    # Here, because most tests need no PyTorch.
    from flowers import make

    return make(tmp_path_factory.mktemp("flowers"))


@pytest.fixture(scope="session")
def exported(flowers: Flowers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of the run whose photos are cropped. Not to be changed."""
    from ablation.photos import pack
    from ablation.prediction import folder

    run, out = flowers.runs["crop"], tmp_path_factory.mktemp("exported") / "export"
    folder.write(run.folder, pack.load(run.pack), "flowers", out)
    return out
