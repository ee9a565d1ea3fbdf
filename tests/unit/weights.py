"""Weight files as others make them, also with code in them, and how bad ones are refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from ablation.running.errors import UserError


def assert_refused(call: Callable[[], Any], *mentioned: str) -> None:
    """Check for a UserError of one printable line that names these."""
    with pytest.raises(UserError) as raised:
        call()
    assert str(raised.value).isprintable()
    for text in mentioned:
        assert text in str(raised.value)


def save(state: Any, path: Path) -> Path:
    """Save as a user would, in the format of the suffix."""
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(state, path)
    return path


class Touch:
    """An object whose pickle makes a file when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.marker}'",)
