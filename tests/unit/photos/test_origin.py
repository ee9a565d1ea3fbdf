"""Two archives of one name must not share a data set's results."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ablation.photos import origin
from ablation.running.errors import UserError


@pytest.fixture(name="made_from")
def _made_from(tmp_path: Path) -> Path:
    """An archive from which the data set in `tmp_path / "photos"` was made."""
    archive = tmp_path / "a" / "photos.zip"
    archive.parent.mkdir()
    archive.touch()
    origin.record(tmp_path / "photos", archive)
    return archive


def test_a_data_set_without_results_takes_any_path(tmp_path: Path) -> None:
    origin.check("photos", tmp_path, tmp_path / "photos")


def test_the_same_archive_is_taken_under_another_spelling(tmp_path: Path, made_from: Path) -> None:
    origin.check("photos", made_from.parent / ".." / "a" / "photos.zip", tmp_path / "photos")


@pytest.mark.usefixtures("made_from")
def test_another_archive_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "b" / "photos.zip"
    other.parent.mkdir()
    other.touch()
    with pytest.raises(UserError, match=r"'photos' is .*b/photos.zip, but .* made from .*a/photos.zip"):
        origin.check("photos", other, tmp_path / "photos")


def test_a_moved_archive_is_taken(tmp_path: Path, made_from: Path) -> None:
    moved = shutil.move(made_from, tmp_path / "photos.zip")
    origin.check("photos", Path(moved), tmp_path / "photos")
