"""The sheet of photos as they train: which are on it, where, and that their pixels are those that train."""

from __future__ import annotations

import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ablation.photos.manifest import TRAIN, VAL, Entry
from ablation.photos.overview import Way
from ablation.photos.resizing import square
from ablation.results.figures import sheet
from ablation.results.figures.canvas import VALIDATION
from ablation.running.errors import UserError

NUMBERS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=2, max_size=40)
SIZES = st.integers(8, 1200)


def entries(numbers: list[tuple[int, int]]) -> list[Entry]:
    """A manifest's entries, of classes with so many photos that train and that validate."""
    return [
        Entry(f"c{label}/{part}{k}.png", "0" * 64, label, f"c{label}", part)
        for label, each in enumerate(numbers)
        for part, number in zip((TRAIN, VAL), each, strict=True)
        for k in range(number)
    ]


def write_photos(root: Path, found: list[Entry]) -> None:
    """A photo of noise for each entry, each of a size of its own."""
    for k, entry in enumerate(found):
        path = root / entry.file
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = (40 + k % 7, 50 + k % 5, 3)
        Image.fromarray(np.random.default_rng(k).integers(0, 256, shape, np.uint8)).save(path)


# --- which photos ------------------------------------------------------------------------------------


@given(number=st.integers(0, 300), most=st.integers(1, 20))
def test_items_are_evenly_spaced(number: int, most: int) -> None:
    found = sheet.evenly(range(number), most)
    assert len(found) == min(number, most)
    steps = np.diff(found)
    assert (steps > 0).all()
    if len(found) > 1:
        assert (found[0], found[-1]) == (0, number - 1)
        assert steps.max() - steps.min() <= 1


@given(numbers=NUMBERS)
def test_each_class_shows_photos_that_train_and_that_validate(numbers: list[tuple[int, int]]) -> None:
    rows = sheet.chosen(entries(numbers))
    assert len(rows) == min(len(numbers), 12)
    most = 8 if len(rows) <= 6 else 4
    for row in rows:
        assert (row.train, row.val) == numbers[int(row.category[1:])]
        parts = [one.split for one in row.shown]
        assert parts == sorted(parts)  # train, then val
        assert set(parts) == {TRAIN, VAL}
        assert len(parts) == min(most, row.train + row.val)
        assert len(set(row.shown)) == len(parts)
        assert all(one.category == row.category for one in row.shown)


def test_photos_are_shared_out_as_in_the_class() -> None:
    (row, *_) = sheet.chosen(entries([(30, 10), (7, 3)]))
    assert [one.split for one in row.shown] == [TRAIN] * 6 + [VAL] * 2
    (row, *_) = sheet.chosen(entries([(7, 3)] * 17))
    assert [one.file for one in row.shown] == [
        f"c0/{name}.png" for name in ("train0", "train3", "train6", "val0")
    ]


def test_of_219_classes_twelve_are_shown() -> None:
    rows = sheet.chosen(entries([(7, 3)] * 219))
    assert [row.category for row in rows][:2] == ["c0", "c19"]
    assert rows[-1].category == "c218"
    title = sheet.title("orchids", Way(224, "squash", "bilinear"), len(rows), 219)
    told = "orchids: photos as they train, 224 x 224 pixels (squash). 12 of 219 classes. "
    assert title == f"{told}In a frame: photos that validate."
    small = sheet.title("x", Way(64, "crop", "bicubic"), 2, 2)
    assert small.startswith("x: photos as they train, 64 x 64 pixels (crop), shown as 128 x 128. 2 classes. ")


# --- where -------------------------------------------------------------------------------------------


@given(size=SIZES)
def test_photos_are_shown_with_sides_that_a_person_sees(size: int) -> None:
    side = sheet.side_shown(size)
    assert sheet.SMALLEST <= side < 2 * sheet.SMALLEST or side == size or size > sheet.LARGEST
    assert side <= sheet.LARGEST
    assert side >= sheet.SMALLEST
    if size <= sheet.LARGEST:
        assert side % size == 0


@given(numbers=NUMBERS, size=SIZES, lines=st.integers(0, 4))
def test_no_two_rows_overlap_and_all_are_on_the_sheet(
    numbers: list[tuple[int, int]], size: int, lines: int
) -> None:
    rows = sheet.chosen(entries(numbers))
    layout = sheet.arranged(rows, size, lines)
    assert len(layout.places) == len(rows)
    for place in layout.places:
        assert place.left >= sheet.MARGIN
        assert place.left + layout.row <= layout.width - sheet.MARGIN
        # Its own line of text is above it, below those of the title.
        assert place.top >= sheet.MARGIN + (lines + 1) * sheet.LINE
        assert place.top + layout.side <= layout.height - sheet.MARGIN
    for one, other in combinations(layout.places, 2):
        beside = abs(one.left - other.left) >= layout.row + 2 * sheet.FRAME
        below = abs(one.top - other.top) >= sheet.LINE + layout.side + sheet.FRAME
        assert beside or below
    assert sheet.GAP >= 2 * sheet.FRAME


# --- the picture -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "numbers"),
    [
        (Way(192, "squash", "bilinear"), [(7, 3), (1, 1)]),
        (Way(150, "crop", "bicubic"), [(3, 1)] * 13),
        (Way(100, "pad", "lanczos"), [(2, 2)] * 3),
        (Way(300, "squash", "bilinear"), [(2, 1)] * 2),
    ],
    ids=["as large", "many classes", "enlarged", "shrunk"],
)
def test_the_pixels_are_those_that_train(tmp_path: Path, way: Way, numbers: list[tuple[int, int]]) -> None:
    found = entries(numbers)
    write_photos(tmp_path, found)
    path = tmp_path / "new/photos.png"
    sheet.draw(tmp_path, found, way, "mine", path, threads=2)
    picture = np.asarray(Image.open(path).convert("RGB"))
    rows = sheet.chosen(found)
    # The title has a line at least, and takes as many as the width asks for.
    layouts = [sheet.arranged(rows, way.size, lines) for lines in range(1, 5)]
    (layout,) = (one for one in layouts if (one.height, one.width) == picture.shape[:2])
    frame = tuple(bytes.fromhex(VALIDATION[1:]))
    for row, place in zip(rows, layout.places, strict=True):
        for k, entry in enumerate(row.shown):
            with Image.open(tmp_path / entry.file) as photo:
                trained = square(photo.convert("RGB"), way.size, way.resize, way.interpolation)
            if layout.side < way.size:
                expected = np.asarray(trained.reduce(way.size // layout.side))
            else:
                expected = np.kron(
                    np.asarray(trained), np.ones((layout.side // way.size,) * 2 + (1,), np.uint8)
                )
            left = place.left + k * (layout.side + sheet.GAP)
            there = picture[place.top : place.top + layout.side, left : left + layout.side]
            assert np.array_equal(there, expected)
            middle = place.top + layout.side // 2
            around = {tuple(picture[middle, column]) for column in (left - 2, left + layout.side + 1)}
            assert around == {frame if entry.split == VAL else (255, 255, 255)}


def test_names_of_classes_are_no_formulas(tmp_path: Path) -> None:
    found = [
        Entry(f"{k}/{part}.png", "0" * 64, k, name, part)
        for k, name in enumerate(["$5 or $10", "x" * 300])
        for part in (TRAIN, VAL)
    ]
    write_photos(tmp_path, found)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sheet.draw(tmp_path, found, Way(64, "squash", "bilinear"), "mine", tmp_path / "photos.png", 1)


def test_the_same_photos_make_the_same_bytes(tmp_path: Path) -> None:
    found = entries([(2, 1), (2, 1)])
    write_photos(tmp_path, found)
    for name in ("a.png", "b.png"):
        sheet.draw(tmp_path, found, Way(64, "squash", "bilinear"), "mine", tmp_path / name, 2)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_photo_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    found = entries([(2, 1), (2, 1)])
    write_photos(tmp_path, found)
    (tmp_path / found[0].file).unlink()
    with pytest.raises(UserError, match=r"train0\.png does not exist"):
        sheet.draw(tmp_path, found, Way(64, "squash", "bilinear"), "mine", tmp_path / "photos.png", 2)
    assert not (tmp_path / "photos.png").exists()
