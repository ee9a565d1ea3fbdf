"""Looking at a folder: which files are photos, links, names, and what is no folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import fails, make

from ablation.photos.layouts import find
from ablation.running.errors import UserError


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "gif", "GIF", "Jpg"])
def test_suffixes(tmp_path: Path, suffix: str) -> None:
    make(tmp_path, f"a/1.{suffix}", f"b/1.{suffix}")
    assert len(find(tmp_path).photos) == 2


def test_linked_class_folders_but_no_circles(tmp_path: Path) -> None:
    make(tmp_path, "else/1.jpg", "root/cat/1.jpg")
    (tmp_path / "root" / "dog").symlink_to(tmp_path / "else")
    (tmp_path / "root" / "cat" / "round").symlink_to(tmp_path / "root")
    assert [photo.file for photo in find(tmp_path / "root").photos] == ["cat/1.jpg", "dog/1.jpg"]


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    make(tmp_path, "cat/1.jpg", "dog/\udce4.jpg")
    with pytest.raises(UserError, match="rename"):
        find(tmp_path)


def test_a_folder_of_archives(tmp_path: Path) -> None:
    (tmp_path / "photos.ZIP").touch()
    fails(tmp_path, rf"holds no photos but 1 archive \(photos\.ZIP\): give {tmp_path}/photos\.ZIP as the")
    (tmp_path / "more.tar.gz").touch()
    fails(tmp_path, r"holds no photos but 2 archives \(more\.tar\.gz, photos\.ZIP\): unpack them there")
    (tmp_path / "notes.md").touch()
    make(tmp_path, "a/1.jpg", "b/1.jpg")
    assert [one.why for one in find(tmp_path).left_out] == [".gz", ".md", ".zip"]


def test_a_root_that_is_missing_or_a_file(tmp_path: Path) -> None:
    fails(tmp_path / "nowhere", "does not exist")
    make(tmp_path, "file.jpg")
    fails(tmp_path / "file.jpg", "is not a folder")
