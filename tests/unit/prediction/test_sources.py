"""Photos of folders, archives and files, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from archives import KINDS
from folders import make

from ablation.prediction import sources
from ablation.running.errors import UserError

FILES = {"b/2.jpg": b"\xff\xd8\xff2", "a.png": b"1", "notes.txt": b"x", "b/label.csv": b"y"}


def found(given: list[Path], unpacked: Path) -> tuple[dict[str, bytes], list[str]]:
    told: list[str] = []
    photos = sources.find(given, unpacked, told.append)
    return {one.name: one.path.read_bytes() for one in photos}, told


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / "new" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "new" / name).write_bytes(content)
    return tmp_path / "new"


def test_a_folder(folder: Path, tmp_path: Path) -> None:
    photos, told = found([folder], tmp_path / "unpacked")
    assert photos == {"a.png": b"1", "b/2.jpg": b"\xff\xd8\xff2"}
    assert told == [f"left out of {folder}: 1 .csv (b/label.csv), 1 .txt (notes.txt)"]
    assert not (tmp_path / "unpacked").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "new.bin"
    path.write_bytes(KINDS[kind](FILES))
    photos, told = found([path], tmp_path / "unpacked")
    assert photos == {"a.png": b"1", "b/2.jpg": b"\xff\xd8\xff2"}
    assert told == [f"left out of {path}: 1 .csv (b/label.csv), 1 .txt (notes.txt)"]


def test_several_are_named_as_they_were_given(folder: Path, tmp_path: Path) -> None:
    one = folder / "b/2.jpg"
    photos = sources.find([one, folder], tmp_path / "unpacked", str)
    assert [photo.name for photo in photos] == [str(one), f"{folder}/a.png", f"{folder}/b/2.jpg"]


def test_what_is_not_there_or_has_no_photos(tmp_path: Path) -> None:
    make(tmp_path / "empty", "notes.txt")
    make(tmp_path / "packed", "more.zip")
    for name, said in (
        ("gone.jpg", r"gone\.jpg does not exist: name a photo"),
        ("empty", "empty holds no photos: name a folder"),
        ("packed", r"holds no photos but 1 archive \(more\.zip\)"),
    ):
        with pytest.raises(UserError, match=said):
            found([tmp_path / name], tmp_path / "unpacked")
