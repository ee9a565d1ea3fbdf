"""Finding photos in class folders, with a split and without: the photos are empty files."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import fails, make, parts
from hypothesis import given, settings
from hypothesis import strategies as st

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
        ([], r"holds no photos .*in one folder for each class, or beside a table"),
        (["cat/1.txt", "dog/2.mp4"], "holds no photos"),
        (["cat/1.jpg"], r"only one class \(cat\)"),
        (["x/cat/1.jpg"], r"x holds only one class \(cat\)"),
        (["1.jpg", "2.jpg"], r"2 photos \(1\.jpg, 2\.jpg\) outside class folders, and no table says"),
        (["cat/1.jpg", "dog/1.jpg", "x.jpg"], r"1 photo \(x\.jpg\) outside"),
        (["cat/1.jpg", "dog/1.jpg", "emu/"], "emu holds no photos: add some or remove"),
        (["cat/1.jpg", "emu/"], "emu holds no photos"),
        (["x/cat/1.jpg", "x/dog/1.jpg", "emu/"], "emu holds no photos"),
        (["training/1.jpg", "training/label.csv", "test/2.jpg"], r"training/label\.csv holds no table"),
        (["train/1.jpg", "test/2.jpg"], r"train holds 1 photo \(train/1\.jpg\) outside class folders"),
        (["train/1.jpg", "val/1.jpg"], r"train holds 1 photo \(train/1\.jpg\) outside class folders"),
        (["val/cat/1.jpg", "test/cat/2.jpg"], "holds test/ and val/ but no train/: name the folder"),
        (
            ["1.jpg", "2.jpg", "labels.xlsx"],
            r"if 1 file \(labels\.xlsx\) says which is of which, save it as CSV",
        ),
        (["1.jpg", "2.jpg", "coco.json"], r"if 1 file \(coco\.json\) says which is of which, save it as CSV"),
        (
            ["images/1.jpg", "images/2.jpg", "labels.xlsx"],
            r"only one class \(images\).*labels\.xlsx\) says which",
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
        Photo(f"{above}test/cat/9.jpg", "cat", "test"),
    }


def test_a_class_named_train_is_a_class(tmp_path: Path) -> None:
    make(tmp_path, "train/1.jpg", "plane/1.jpg", "plane/2.jpg")
    assert list(find(tmp_path).photos) == [
        Photo("plane/1.jpg", "plane", None),
        Photo("plane/2.jpg", "plane", None),
        Photo("train/1.jpg", "train", None),
    ]


GOOD = ["train/cat/1.jpg", "train/dog/1.jpg", "val/cat/1.jpg"]


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (GOOD, r"split lacks 1 class \(dog\) in its val part, which its train part has: give val photos"),
        ([*GOOD, "val/dog/"], "val/dog holds no photos"),
        ([*GOOD, "val/dog/1.jpg", "val/emu/1.jpg"], r"split lacks 1 class \(emu\) in its train part"),
        ([*GOOD, "val/dog/1.jpg", "valid/dog/1.jpg"], "val/ and valid/: keep only one"),
        ([*GOOD, "val/dog/1.jpg", "more/dog/1.jpg"], "holds more/ beside train/ and val/"),
        ([*GOOD, "val/dog/1.jpg", "x.jpg"], r"x\.jpg\) outside train/ and val/"),
        ([*GOOD, "val/dog/1.jpg", "val/x.jpg"], r"val holds 1 photo \(val/x\.jpg\) outside"),
        (["train/cat/1.jpg", "val/cat/1.jpg"], r"only one class \(cat\)"),
    ],
)
def test_train_and_val_with_mistakes(tmp_path: Path, names: list[str], match: str) -> None:
    fails(make(tmp_path, *names), match)


# --- other layouts ---------------------------------------------------------------------------------


def read(root: Path) -> tuple[dict[str, str], dict[str, str | None], dict[str, str | None]]:
    """The class of each photo that trains or validates, their split, and the classes of the test set."""
    return parts(find(root))


def test_the_first_folder_is_the_class_whatever_lies_in_it(tmp_path: Path) -> None:
    files = ["covid/p0/0.jpg", "covid/p1/0.jpg", "normal/p0/x/0.jpg", "normal/1.jpg"]
    make(tmp_path, *files)
    assert read(tmp_path)[0] == {file: file.split("/")[0] for file in files}
    assert any("also of photos in folders inside it: 3 photos" in note for note in find(tmp_path).notes)


@pytest.mark.parametrize(
    ("train", "test"),
    [("train", "test"), ("Training", "Testing"), ("train_images", "test_images"), ("TRN", "tst")],
)
def test_train_and_test_without_val_are_split_by_the_seed(tmp_path: Path, train: str, test: str) -> None:
    make(tmp_path, f"{train}/cat/1.jpg", f"{train}/dog/1.jpg", f"{test}/cat/2.jpg", f"{test}/dog/3.jpg")
    assert read(tmp_path) == (
        {f"{train}/cat/1.jpg": "cat", f"{train}/dog/1.jpg": "dog"},
        {},
        {f"{test}/cat/2.jpg": "cat", f"{test}/dog/3.jpg": "dog"},
    )
    assert any(
        "2 photos" in note and "of a test set judge, and no training sees them" in note
        for note in find(tmp_path).notes
    )


@pytest.mark.parametrize("test", ["test", "test/images", "test/unknown", "Test Set/x/y"])
def test_photos_without_labels_wait(tmp_path: Path, test: str) -> None:
    part = "train" if test.startswith("test") else "Train Set"
    make(tmp_path, f"{part}/cat/1.jpg", f"{part}/dog/1.jpg", f"{test}/7.jpg", "notes/x.txt")
    assert read(tmp_path)[2] == {f"{test}/7.jpg": None}


def test_a_split_in_a_folder_of_its_own_name(tmp_path: Path) -> None:
    make(
        tmp_path,
        *(f"seg_{part}/seg_{part}/{name}/1.jpg" for part in ("train", "test") for name in ("sea", "ice")),
    )
    make(tmp_path, "seg_pred.txt")
    categories, _, waiting = read(tmp_path)
    assert categories == {"seg_train/seg_train/ice/1.jpg": "ice", "seg_train/seg_train/sea/1.jpg": "sea"}
    assert set(waiting.values()) == {"ice", "sea"}


def test_a_split_inside_each_class(tmp_path: Path) -> None:
    make(tmp_path, *(f"{name}/{part}/1.jpg" for name in ("cat", "dog") for part in ("Train", "val", "test")))
    assert read(tmp_path) == (
        {f"{name}/{part}/1.jpg": name for name in ("cat", "dog") for part in ("Train", "val")},
        {f"{name}/{part}/1.jpg": part.lower() for name in ("cat", "dog") for part in ("Train", "val")},
        {"cat/test/1.jpg": "cat", "dog/test/1.jpg": "dog"},
    )


def test_a_folder_of_other_files_is_no_class(tmp_path: Path) -> None:
    make(tmp_path, "cat/1.jpg", "dog/1.jpg", "docs/report.pdf", "emu/deep/notes.txt")
    found = find(tmp_path)
    assert {photo.category for photo in found.photos} == {"cat", "dog"}
    assert [one.file for one in found.left_out] == ["docs/report.pdf", "emu/deep/notes.txt"]
    assert {"docs/ holds no photos and is no class", "emu/ holds no photos and is no class"} <= set(
        found.notes
    )


def test_class_folders_that_train_beside_a_table_of_the_test_set(tmp_path: Path) -> None:
    make(tmp_path, "Train/0/a.png", "Train/1/b.png", "Test/c.png", "Test/d.png")
    make(tmp_path, Test_csv="Width,Height,ClassId,Path\n3,4,0,Test/c.png\n3,4,1,Test/d.png\n")
    assert read(tmp_path) == (
        {"Train/0/a.png": "0", "Train/1/b.png": "1"},
        {},
        {"Test/c.png": "0", "Test/d.png": "1"},
    )


WORDS = {
    "train": ("train", "Training", "TRAIN", "train_images"),
    "val": ("val", "valid", "Validation", "dev"),
    "test": ("test", "Testing", "TEST"),
}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_split_in_folders_is_read_as_it_was_meant(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("split")
    parts = ["train", *data.draw(st.sets(st.sampled_from(["val", "test"]), min_size=1).map(sorted))]
    names = {part: data.draw(st.sampled_from(WORDS[part])) for part in parts}
    wraps = {part: data.draw(st.sampled_from(["", "", f"/{names[part]}"])) for part in parts}
    classes = data.draw(st.sets(st.sampled_from(["cat", "dog", "train", "7"]), min_size=2))
    top = data.draw(st.sampled_from(["", "data/", "a/b/"]))
    inside = data.draw(st.sampled_from(["", "p1/", "p1/x/"]))
    bare = data.draw(st.booleans())
    found: dict[str, dict[str, str | None]] = {part: {} for part in WORDS}
    for part in parts:
        for category in classes:
            for number in range(2):
                below = "" if bare and part == "test" else f"{category}/{inside}"
                file = f"{top}{names[part]}{wraps[part]}/{below}{category}{number}.jpg"
                found[part][file] = None if bare and part == "test" else category
    make(root, *(file for files in found.values() for file in files))
    categories, split, waiting = read(root)
    assert categories == found["train"] | found["val"]
    assert waiting == found["test"]
    kept = {file: part for part in ("train", "val") for file in found[part]}
    assert split == (kept if found["val"] else {})
