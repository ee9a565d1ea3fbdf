"""Finding photos in class folders, with a split and without: the photos are empty files."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import fails, make

from ablation.photos.layouts import find
from ablation.photos.reading import Photo

# --- one folder per class --------------------------------------------------------------------------


def test_class_folders(tmp_path: Path) -> None:
    make(
        tmp_path,
        "cat/1.jpg",
        "dog/1.jpeg",
        "dog/2.WEBP",
        "dog/notes.txt",
        "dog/.hidden.jpg",
        ".git/x.jpg",
        "x.md",
    )
    assert list(find(tmp_path).photos) == [
        Photo("cat/1.jpg", "cat", None),
        Photo("dog/1.jpeg", "dog", None),
        Photo("dog/2.WEBP", "dog", None),
    ]


def test_class_folders_in_a_wrapping_folder(tmp_path: Path) -> None:
    make(tmp_path, "x/y/cat/1.jpg", "x/y/dog/1.jpg")
    assert [photo.file for photo in find(tmp_path).photos] == ["x/y/cat/1.jpg", "x/y/dog/1.jpg"]
    assert [photo.category for photo in find(tmp_path).photos] == ["cat", "dog"]


@pytest.mark.parametrize(
    ("names", "match"),
    [
        ([], r"holds no photos .*label\.csv beside photos, one folder per class, and train/ and val/"),
        (["cat/1.txt", "dog/2.heic"], "holds no photos"),
        (["cat/1.jpg"], r"only one class \(cat\)"),
        (["x/cat/1.jpg"], r"x holds only one class \(cat\)"),
        (["1.jpg", "2.jpg"], r"2 photos \(1\.jpg, 2\.jpg\) outside the class folders and no label\.csv"),
        (["cat/1.jpg", "dog/1.jpg", "x.jpg"], r"1 photo \(x\.jpg\) outside"),
        (["cat/1.jpg", "dog/1.jpg", "dog/sub/2.jpg"], r"dog/sub/2\.jpg\) in folders inside"),
        (["cat/1.jpg", "dog/1.jpg", "emu/"], "emu holds no photos: add some or remove"),
        (["cat/1.jpg", "emu/"], "emu holds no photos"),
        (
            ["training/1.jpg", "training/label.csv", "test/2.jpg"],
            r"training/label\.csv labels one folder of several",
        ),
        (["cat/1.jpg", "dog/a\nb.jpg"], "rename"),
        (["cat/1.jpg", "dog\t/a.jpg"], "rename"),
    ],
)
def test_class_folders_with_mistakes(tmp_path: Path, names: list[str], match: str) -> None:
    fails(make(tmp_path, *names), match)


# --- train and val ---------------------------------------------------------------------------------


@pytest.mark.parametrize("val", ["val", "valid", "validation", "Val"])
@pytest.mark.parametrize("above", ["", "x/"])
def test_train_and_val(tmp_path: Path, val: str, above: str) -> None:
    root = make(
        tmp_path, *(f"{above}{part}/{name}/1.jpg" for part in ("train", val) for name in ("cat", "dog"))
    )
    make(root, f"{above}test/cat/9.jpg")
    assert set(find(root).photos) == {
        Photo(f"{above}train/cat/1.jpg", "cat", "train"),
        Photo(f"{above}train/dog/1.jpg", "dog", "train"),
        Photo(f"{above}{val}/cat/1.jpg", "cat", "val"),
        Photo(f"{above}{val}/dog/1.jpg", "dog", "val"),
    }


def test_a_class_named_train_is_a_class(tmp_path: Path) -> None:
    make(tmp_path, "train/1.jpg", "val/1.jpg")
    assert list(find(tmp_path).photos) == [
        Photo("train/1.jpg", "train", None),
        Photo("val/1.jpg", "val", None),
    ]


GOOD = ["train/cat/1.jpg", "train/dog/1.jpg", "val/cat/1.jpg"]


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (GOOD, r"val lacks 1 class \(dog\), which train/ has: add photos or remove the class"),
        ([*GOOD, "val/dog/"], "val/dog holds no photos"),
        ([*GOOD, "val/dog/1.jpg", "val/emu/1.jpg"], r"train lacks 1 class \(emu\), which val/ has"),
        ([*GOOD, "val/dog/1.jpg", "valid/dog/1.jpg"], "val/ and valid/: keep only one"),
        ([*GOOD, "val/dog/1.jpg", "more/dog/1.jpg"], "holds more/ beside train/ and val/"),
        ([*GOOD, "val/dog/1.jpg", "x.jpg"], r"x\.jpg\) outside train/ and val/"),
        ([*GOOD, "val/dog/1.jpg", "val/x.jpg"], r"val holds 1 photo \(val/x\.jpg\) outside"),
        (["train/cat/1.jpg", "train/dog/1.jpg", "test/cat/1.jpg"], "train/ but no val/ beside it"),
        (["train/cat/1.jpg", "val/cat/1.jpg"], r"only one class \(cat\)"),
    ],
)
def test_train_and_val_with_mistakes(tmp_path: Path, names: list[str], match: str) -> None:
    fails(make(tmp_path, *names), match)
