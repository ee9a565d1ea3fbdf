"""What folders hold, to be compared."""

from __future__ import annotations

from pathlib import Path


def names(folder: Path) -> list[str]:
    """What lies in a folder itself, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder without folders in it."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def tree(folder: Path) -> dict[str, bytes]:
    """All that is not a folder, at any depth, by its path from there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if not path.is_dir()
    }
