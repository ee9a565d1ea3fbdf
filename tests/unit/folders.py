"""Folders to look for photos in, good and bad, and how such a look may end."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile import outcome, refused

from ablation.photos import indexing, layouts, splits
from ablation.photos.reading import Reading
from ablation.running.errors import UserError


def make(root: Path, *names: str, **texts: str) -> Path:
    """Make empty files, and files with text whose names are given with __ for / and _ for ."""
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return root


def parts(found: Reading) -> tuple[dict[str, str], dict[str, str | None], dict[str, str | None]]:
    """The class of each photo that trains or validates, their split, and the classes of the test set."""
    study = [photo for photo in found.photos if photo.split != splits.TEST]
    return (
        {photo.file: photo.category for photo in study},
        {photo.file: photo.split for photo in study if photo.split},
        {photo.file: photo.category for photo in found.photos if photo.split == splits.TEST}
        | {photo.file: None for photo in found.waiting},
    )


def fails(root: Path, match: str) -> None:
    with pytest.raises(UserError, match=match) as caught:
        layouts.find(root)
    assert "\n" not in str(caught.value)
    assert str(root) in str(caught.value)


def indexed(root: Path) -> None:
    """Look into a folder, which succeeds with photos of that folder alone or fails with one line."""
    found = outcome(lambda: layouts.find(root))
    if isinstance(found, UserError):
        assert str(root) in str(found)
        refused(lambda: indexing.index(root, 0.5, 0).entries)
        return
    for photo in found.photos:
        assert photo.category
        assert ".." not in Path(photo.file).parts
        assert (root / photo.file).is_file()
        assert not Path(photo.file).is_absolute()
    outcome(lambda: indexing.index(root, 0.5, 0).entries)
