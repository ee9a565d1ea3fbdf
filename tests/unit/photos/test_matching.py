"""Which photo a name in a table means."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.photos.matching import Names

PHOTOS = (
    "train/a.jpg",
    "test/a.jpg",
    "train/B.PNG",
    "deep/x/c.v2.jpg",
    "deep/y/c.v2.jpg",
    "e\u0301.jpg",
    "odd.bin",
)


def names(folder: str = ".", photos: tuple[str, ...] = PHOTOS) -> Names:
    return Names(map(PurePosixPath, photos), PurePosixPath(folder))


@pytest.mark.parametrize(
    ("value", "meant", "whole"),
    [
        ("train/a.jpg", ["train/a.jpg"], True),
        ("./train//a.jpg", ["train/a.jpg"], True),
        ("train\\a.jpg", ["train/a.jpg"], True),
        ("C:\\Users\\me\\train\\a.jpg", ["train/a.jpg"], True),
        ("C:/me/train/a.jpg", ["train/a.jpg"], True),
        ("/home/me/data/train/a.jpg", ["train/a.jpg"], True),
        ("file:///home/me/train/a.jpg", ["train/a.jpg"], True),
        ("../train/a.jpg", ["train/a.jpg"], True),
        ("TRAIN/A.JPG", ["train/a.jpg"], True),
        ("train/a", ["train/a.jpg"], False),
        ("train/a.png", ["train/a.jpg"], False),
        ("a.jpg", ["train/a.jpg", "test/a.jpg"], True),
        ("a", ["train/a.jpg", "test/a.jpg"], False),
        ("b.png", ["train/B.PNG"], True),
        ("b", ["train/B.PNG"], False),
        ("elsewhere/b", ["train/B.PNG"], False),
        ("x/c.v2", ["deep/x/c.v2.jpg"], False),
        ("Y/c.v2.jpg", ["deep/y/c.v2.jpg"], True),
        ("c", [], False),
        ("\u00e9.jpg", ["e\u0301.jpg"], True),
        ("\u00c9", ["e\u0301.jpg"], False),
        ("odd", ["odd.bin"], False),
        ("a.jpg/", ["train/a.jpg", "test/a.jpg"], True),
        *((no, [], False) for no in ("", ".", "..", "/", "//", "\\", "a.jpg\n", "x" * 20_000, "z.jpg")),
    ],
)  # fmt: skip
def test_what_a_value_means(value: str, meant: list[str], whole: bool) -> None:
    found = names().match(value)
    assert sorted(map(str, found.photos)) == sorted(meant)
    assert found.whole == whole


def test_a_path_from_the_tables_folder_goes_first() -> None:
    photos = ("a.jpg", "train/a.jpg")
    assert names("train", photos).match("a.jpg").photos == (PurePosixPath("train/a.jpg"),)
    assert names(".", photos).match("a.jpg").photos == (PurePosixPath("a.jpg"),)


def test_backslashes_that_photos_have_stay() -> None:
    found = names(photos=("x\\a.jpg", "a.jpg")).match("x\\a.jpg")
    assert found.photos == (PurePosixPath("x\\a.jpg"),)


PARTS = st.text(st.characters(codec="ascii", categories=("Ll", "Nd")), min_size=1, max_size=3)


@given(
    photos=st.sets(
        st.lists(PARTS, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".jpg"), min_size=1
    ),
    before=st.sampled_from(["", "/", "./", "C:\\data\\", "/data/set/", "../"]),
    backslashes=st.booleans(),
)
def test_a_whole_path_means_its_photo_whatever_stands_before_it(
    photos: set[str], before: str, backslashes: bool
) -> None:
    known = names(photos=tuple(photos))
    for photo in photos:
        value = before + (photo.replace("/", "\\") if backslashes else photo)
        found = known.match(value)
        assert PurePosixPath(photo) in found.photos
        assert found.whole
        # Others only where nothing tells them from it: each ends as the photo does.
        assert all(str(other).endswith(photo.rsplit("/", 1)[-1]) for other in found.photos)
        if before in ("", "/", "./", "../"):
            assert found.photos == (PurePosixPath(photo),)
