"""Pictures of a study that it has no longer: of more experiments than it now has."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

KINDS = (".png", ".svg")


def remove(comparison: str, pictures: Iterable[str]) -> None:
    """Remove the pictures in a study's folder that are none of these, which would pass for its own."""
    wanted = set(map(Path, pictures))
    for path in sorted(Path(comparison).glob("*.*")):
        if path.suffix in KINDS and path not in wanted:
            path.unlink()
            print(f"Removed {path}: the study no longer has what it compared")
