"""What is said of a data set before anything trains on it: the table of classes and the lines."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.photos import overview, pairs
from ablation.photos.manifest import Entry
from ablation.photos.overview import Count, Way
from ablation.photos.pairs import Pair
from ablation.photos.wording import columns

INDEX, OUTPUT = Path("resources/datasets/mine"), Path("results/data/mine")
SQUASHED = Way(192, "squash", "bilinear")


def entries(classes: dict[str, tuple[int, int]]) -> list[Entry]:
    """A manifest's entries of classes with so many photos that train and that validate."""
    return [
        Entry(f"{name}/{part}{k}.jpg", "0" * 64, label, name, part)
        for label, (name, numbers) in enumerate(classes.items())
        for part, number in zip(("train", "val"), numbers, strict=True)
        for k in range(number)
    ]


def read(**changed: Any) -> dict[str, Any]:
    """What reading.json holds."""
    sizes = {"smallest": [96, 96], "median": [640, 480], "largest": [4000, 3000]}
    kinds = {"PNG": 2, "JPEG": 8}
    return {"notes": [], "waiting": [], "left_out": [], "kinds": kinds, "sizes": sizes} | changed


def told(
    found: list[Entry], folder: Path = INDEX, ways: tuple[Way, ...] = (SQUASHED,), **changed: Any
) -> str:
    return "\n".join(overview.lines(folder, OUTPUT, ways, found, read(**changed)))


# --- all of it ---------------------------------------------------------------------------------------

PLAIN = """\
mine: 10 photos of 2 classes

Labels      one folder for each class
Split       7 photos train, 3 validate
            class  photos   train     val
            rose        6       4       2
            tulip       4       3       1
Balance     rose has 1.5 times the photos of tulip (6 and 4); always guessing
            the commonest class, rose, scores 0.667 on the validation photos
Mind        2 classes (rose, tulip) have fewer than 3 validation photos: each
            decides much of a class's accuracy
Kinds       8 JPEG, 2 PNG
Sizes       96 x 96 to 4000 x 3000 pixels, the median 640 x 480
To train    squashed to 192 x 192 pixels (the aspect ratio is given up): the
            smallest enlarged 2.0 times, the median shrunk 2.9 times, the
            largest 18.0 times
Left out    nothing
Duplicates  none
See         results/data/mine/photos.png: photos as they train
            results/data/mine/classes.csv: every class"""

NOTHING_LEFT = """\
Left out    2 .txt (a.txt, b.txt); 1 hidden (.x):
            resources/datasets/mine/reading.json"""

WAITING = """\
Split       7 photos train, 3 validate, 1 test, 2 without a label wait for
            prediction
            class  photos   train     val    test
            rose        7       4       2       1
            tulip       4       3       1       0
"""


def test_all_that_is_said() -> None:
    found = entries({"rose": (4, 2), "tulip": (3, 1)})
    assert told(found, notes=["one folder for each class"]) == PLAIN


def test_a_note_to_mind_stands_with_the_others() -> None:
    notes = ["label.csv: filename, category", "Mind: 3 photos have 12 bits in 16"]
    lines = told(entries({"a": (2, 3), "b": (2, 1)}), notes=notes).splitlines()
    assert lines[2] == "Labels      label.csv: filename, category"
    assert "            3 photos have 12 bits in 16" in lines
    assert [line for line in lines if line.startswith("Mind")] == [
        "Mind        1 class (b) has fewer than 3 validation photos: each decides much of"
    ]


def test_what_is_left_out_is_counted_and_named() -> None:
    out = [("a.txt", ".txt"), (".x", "hidden"), ("b.txt", ".txt")]
    text = told(entries({"a": (2, 3), "b": (2, 3)}), left_out=[{"file": f, "why": why} for f, why in out])
    assert f"\n{NOTHING_LEFT}\n" in text
    many = [{"file": f"x.{k}", "why": f".{k}"} for k in "abcdefgh"]
    text = " ".join(told(entries({"a": (2, 3), "b": (2, 3)}), left_out=many).split())
    assert "1 .f (x.f); 2 more kinds: " in text


def test_photos_of_a_test_set_are_counted() -> None:
    found = entries({"rose": (4, 2), "tulip": (3, 1)})
    rose = Entry("t/1.jpg", "0" * 64, found[0].label, "rose", "test")
    text = told([*found, rose], waiting=[{"file": "t/2.jpg"}, {"file": "t/3.jpg"}])
    assert WAITING in text
    assert "mine: 11 photos of 2 classes\n" in text
    one = " ".join(told(found, waiting=[{"file": "x"}]).split())
    assert ", 1 without a label waits for prediction" in one


def test_of_many_classes_the_largest_and_the_smallest_are_shown() -> None:
    found = entries({f"c{k:02}": (k + 2, 3) for k in range(20)})
    lines = told(found).splitlines()
    (start,) = (k for k, line in enumerate(lines) if line.startswith("            class"))
    shown = [line.split()[0] for line in lines[start + 1 : start + 12]]
    assert shown == [*("c19", "c18", "c17", "c16", "c15"), "...", *("c04", "c03", "c02", "c01", "c00")]
    assert lines[start + 6] == "            ... 10 more: results/data/mine/classes.csv"
    assert len(lines) <= 32


def test_at_most_twelve_classes_are_all_shown() -> None:
    lines = told(entries({f"c{k:02}": (k + 2, 3) for k in range(12)})).splitlines()
    (start,) = (k for k, line in enumerate(lines) if line.startswith("            class"))
    assert [line.split()[0] for line in lines[start + 1 : start + 13]] == [f"c{k:02}" for k in range(12)]


# --- how unlike the classes are ------------------------------------------------------------------------


def test_a_rare_class_is_told_with_what_accuracy_hides() -> None:
    text = " ".join(told(entries({"sound": (700, 300), "broken": (2, 1)})).split())
    assert "sound has 333.3 times the photos of broken (1,000 and 3)" in text
    assert (
        "always guessing the commonest class, sound, scores 0.997 on the validation photos: read "
        "balanced_accuracy beside val_accuracy, and see `balance` in docs/configuration.md" in text
    )
    assert "1 class (broken) has fewer than 3 validation photos" in text


def test_the_commonest_class_is_the_one_of_the_summary() -> None:
    """The class that most photos train, the first of ties, by its part of the validation photos."""
    text = " ".join(told(entries({"a": (3, 9), "b": (4, 3), "c": (4, 4)})).split())
    assert "always guessing the commonest class, b, scores 0.188 on" in text


def test_classes_of_one_size() -> None:
    text = told(entries({"a": (7, 3), "b": (7, 3)}))
    assert "Balance     all classes have 10 photos; always guessing the commonest class, a," in text
    assert "Mind" not in text


# --- sizes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "size", "factor"),
    [
        (SQUASHED, (96, 96), 2),
        (SQUASHED, (400, 100), 0.96),
        (Way(100, "crop", "bicubic"), (400, 200), 0.5),
        (Way(100, "pad", "bicubic"), (400, 200), 0.25),
    ],
)
def test_how_much_a_photo_is_enlarged(way: Way, size: tuple[int, int], factor: float) -> None:
    assert way.enlarges(*size) == pytest.approx(factor)


def test_photos_of_one_size_and_other_ways() -> None:
    sizes = {key: [640, 480] for key in ("smallest", "median", "largest")}
    ways = (Way(240, "crop", "bicubic"), Way(64, "squash", "bilinear"), Way(32, "pad", "box"))
    text = " ".join(told(entries({"a": (7, 3), "b": (7, 3)}), ways=ways, sizes=sizes).split())
    assert (
        "Sizes all 640 x 480 pixels To train cropped to the square in the middle, of 240 x 240 pixels: "
        in text
    )
    assert (
        "pixels: all shrunk 2.0 times; in other experiments 64 x 64 (squash), 32 x 32 (pad) Left out" in text
    )


@given(
    way=st.builds(
        Way,
        st.integers(8, 999),
        st.sampled_from(["squash", "crop", "pad"]),
        st.sampled_from(["box", "lanczos"]),
    )
)
def test_a_way_is_read_as_it_was_written(way: Way) -> None:
    assert Way.parsed(str(way)) == way


# --- duplicates ------------------------------------------------------------------------------------------

TWICE = """\
Duplicates  5 pairs: 1 identical, 4 nearly so; 2 across the split, 1 with two
            labels: index/duplicates.csv (those across the split make accuracies
            too high)
            3.jpg (a, train) and 4.jpg (a, val), nearly the same
            5.jpg (a, train) and 6.jpg (b, val), nearly the same
            1.jpg (a, train) and 2.jpg (a, train), identical
"""


def test_duplicates_are_counted_and_the_first_that_matter_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = [
        Pair("1.jpg", "a", "train", "2.jpg", "a", "train", pairs.IDENTICAL, 0),
        Pair("3.jpg", "a", "train", "4.jpg", "a", "val", pairs.NEAR, 2),
        Pair("5.jpg", "a", "train", "6.jpg", "b", "val", pairs.NEAR, 2),
        Pair("7.jpg", "a", "train", "8.jpg", "a", "train", pairs.NEAR, 2),
        Pair("7.jpg", "a", "train", "9.jpg", "a", "train", pairs.NEAR, 2),
    ]
    pairs.write(found, Path("index", pairs.FILE))
    text = told(entries({"a": (7, 3), "b": (7, 3)}), folder=Path("index"))
    assert TWICE in text


# --- whatever the names ---------------------------------------------------------------------------------

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=120).filter(
    lambda name: bool(name.strip())
)
CLASSES = st.dictionaries(NAMES, st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=2, max_size=30)


@given(classes=CLASSES, test=st.data())
def test_the_table_counts_every_photo_once(classes: dict[str, tuple[int, int]], test: st.DataObject) -> None:
    numbers = [test.draw(st.integers(0, 3)) for _ in classes]
    tested = [
        Entry(f"test/{label}/{k}.jpg", "0" * 64, label, name, "test")
        for label, (name, number) in enumerate(zip(classes, numbers, strict=True))
        for k in range(number)
    ]
    found = overview.counts([*entries(classes), *tested])
    assert [one.category for one in found] == list(classes)
    assert [(one.train, one.val) for one in found] == list(classes.values())
    assert [one.test for one in found] == numbers
    assert all(one.photos == one.train + one.val + one.test for one in found)


@given(classes=CLASSES, note=st.text(max_size=200))
def test_lines_are_as_wide_as_a_terminal(classes: dict[str, tuple[int, int]], note: str) -> None:
    for line in told(entries(classes), notes=[note]).split("\n"):
        # A word that is wider has a line of its own.
        assert columns(line) <= 80 or len(line.split()) <= 2
        assert line == line.rstrip()
        assert "\x1b" not in line


def test_the_table_is_a_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / overview.CLASSES
    overview.write([Count('a "b", c', 10, 7, 3, 2), Count("ä", 2, 1, 1, 0)], path)
    assert path.read_text(encoding="utf-8").splitlines()[0] == "class,photos,train,val,test"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert rows == [['a "b", c', "10", "7", "3", "2"], ["ä", "2", "1", "1", "0"]]
