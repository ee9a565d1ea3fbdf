"""What a data set looks like before anything trains on it, as a table of its classes and in words.

Both are for people, in the terminal, in `check.txt` and `classes.csv`. Standard library only.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from ablation.photos import manifest, pairs, reading
from ablation.photos.manifest import Entry
from ablation.photos.pairs import IDENTICAL, Pair
from ablation.photos.reading import MIND, counted
from ablation.photos.tree import LeftOut
from ablation.photos.wording import columns, fitted, some, wrapped
from ablation.running import files

CLASSES, TEXT, SHEET = "classes.csv", "check.txt", "photos.png"
HEADER = ("class", "photos", "train", "val", "test")

# Of more classes, the largest and the smallest are shown.
_MOST_CLASSES = 12
_ENDS = 5
_MOST_KINDS = 6
_MOST_PAIRS = 3
# With fewer validation photos a class's accuracy has hardly any values.
_FEW = 3
# From this ratio of the largest class to the smallest on, accuracy hides the small ones.
_UNLIKE = 2
# Columns that names of sections take, and names of classes at most.
INDENT = 12
_NAME = 40
_MADE = {
    "squash": "squashed to {0} x {0} pixels (the aspect ratio is given up)",
    "crop": "cropped to the square in the middle, of {0} x {0} pixels",
    "pad": "padded with black to {0} x {0} pixels",
}


@dataclass(frozen=True)
class Count:
    """A class's photos: a row of classes.csv, in which `category` is called `class`."""

    category: str
    """The class's name."""
    photos: int
    """Its photos."""
    train: int
    """Those that train."""
    val: int
    """Those that validate."""
    test: int
    """Those of the test set."""


@dataclass(frozen=True)
class Way:
    """How photos become square to train: the side in pixels, one of `resizing.WAYS`, a filter of Pillow's."""

    size: int
    resize: str
    interpolation: str

    @classmethod
    def parsed(cls, text: str) -> Way:
        """Read what `str` makes of one, such as 192-squash-bilinear; raise ValueError for another text."""
        size, resize, interpolation = text.split("-")
        return cls(int(size), resize, interpolation)

    def __str__(self) -> str:
        return f"{self.size}-{self.resize}-{self.interpolation}"

    def enlarges(self, width: int, height: int) -> float:
        """Return by what a photo's sides are multiplied; the geometric mean where they are unlike."""
        side = {"squash": math.sqrt(width * height), "crop": min(width, height), "pad": max(width, height)}
        return self.size / side[self.resize]


def counts(entries: Sequence[Entry]) -> list[Count]:
    """Return a `Count` of each class in the order of its label."""
    parts = Counter((entry.category, entry.split) for entry in entries)
    found = []
    for name in dict.fromkeys(entry.category for entry in entries):
        train, val, test = (parts[name, part] for part in (manifest.TRAIN, manifest.VAL, manifest.TEST))
        found.append(Count(name, train + val + test, train, val, test))
    return found


def write(classes: Iterable[Count], path: Path) -> None:
    """Write the table of the classes as CSV."""
    with files.atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(map(astuple, classes))


def lines(
    index: Path, output: Path, ways: Sequence[Way], entries: Sequence[Entry], read: dict[str, Any]
) -> list[str]:
    """Return what is said of a data set, in lines of 80 columns.

    `index` is the folder of its manifest, in which its duplicates are, `output` that of the table and the
    picture; both names end in the data set's. `ways` are those of the study, the commonest first, and `read`
    what `reading.json` holds. Raises `UserError` if `duplicates.csv` is damaged.
    """
    found = pairs.read(index / pairs.FILE)
    classes = counts(entries)
    head = f"{fitted(output.name, 60)}: {len(entries)} photos of {len(classes)} classes"
    before = [
        *(("Labels", note) for note in read["notes"] if not note.startswith(MIND)),
        ("Split", _split(entries, len(read["waiting"]))),
    ]
    after = [
        ("Balance", _balance(classes)),
        *_few(classes),
        *(("Mind", note.removeprefix(MIND)) for note in read["notes"] if note.startswith(MIND)),
        ("Kinds", _kinds(read["kinds"])),
        ("Sizes", _sizes(read["sizes"])),
        ("To train", _to_train(ways, read["sizes"])),
        ("Left out", _left_out(read["left_out"], index)),
        *_duplicates(found, index),
        ("See", f"{output / SHEET}: photos as they train"),
        ("See", f"{output / CLASSES}: every class"),
    ]
    return [head, "", *_sections(before), *_table(classes, output), *_sections(after)]


def _sections(named: Iterable[tuple[str, str]]) -> list[str]:
    """Return texts as lines, the name of each before its first unless the one before it has it already."""
    told, last = [], ""
    for name, text in named:
        told += wrapped("" if name == last else name, text, INDENT)
        last = name
    return told


def _kinds(numbers: dict[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(numbers.items(), key=lambda one: -one[1]))


def _split(entries: Sequence[Entry], waiting: int) -> str:
    parts = Counter(entry.split for entry in entries)
    told = f"{_photos(parts[manifest.TRAIN])} train, {parts[manifest.VAL]} validate"
    if test := parts[manifest.TEST]:
        told += f", {test} test"
    if waiting:
        told += f", {waiting} without a label {'waits' if waiting == 1 else 'wait'} for prediction"
    return told


def _table(classes: Sequence[Count], output: Path) -> list[str]:
    """Return the classes with their numbers, one a line: of many the largest and the smallest."""
    shown, between = list(classes), []
    if len(classes) > _MOST_CLASSES:
        order = sorted(classes, key=lambda one: -one.photos)
        shown = [*order[:_ENDS], *order[-_ENDS:]]
        between = [f"... {len(classes) - len(shown)} more: {output / CLASSES}"]
    # The test photos only where there are some.
    numbers = len(HEADER) - (not any(one.test for one in classes))
    rows = [HEADER, *((_name(one), *astuple(one)[1:]) for one in shown)]
    width = max(columns(row[0]) for row in rows)
    told = [
        row[0] + " " * (width - columns(row[0])) + "".join(f"{cell:>8}" for cell in row[1:numbers])
        for row in rows
    ]
    told[1 + _ENDS : 1 + _ENDS] = between
    return [" " * INDENT + row for row in told]


def _balance(classes: Sequence[Count]) -> str:
    """Say how unlike the classes are, and what accuracy that alone explains."""
    largest, smallest = (choose(classes, key=lambda one: one.photos) for choose in (max, min))
    # As the study's table has it: the class that most photos train, the first of ties.
    commonest = max(classes, key=lambda one: one.train)
    floor = commonest.val / sum(one.val for one in classes)
    named = f"the commonest class, {_name(commonest)}"
    always = f"always guessing {named}, scores {floor:.3f} on the validation photos"
    if largest.photos == smallest.photos:
        return f"all classes have {largest.photos} photos; {always}"
    ratio = largest.photos / smallest.photos
    told = (
        f"{_name(largest)} has {ratio:.1f} times the photos of {_name(smallest)} "
        f"({largest.photos:,} and {smallest.photos:,}); {always}"
    )
    if ratio < _UNLIKE:
        return told
    return f"{told}: read balanced_accuracy beside val_accuracy, and see `balance` in docs/configuration.md"


def _few(classes: Sequence[Count]) -> list[tuple[str, str]]:
    told = []
    few = [_name(one) for one in classes if one.val < _FEW]
    if few:
        have = "has" if len(few) == 1 else "have"
        told.append(
            f"{some(few, 'class', 'classes')} {have} fewer than {_FEW} validation photos: each decides much "
            "of a class's accuracy"
        )
    return [("Mind", text) for text in told]


def _sizes(sizes: dict[str, Sequence[int]]) -> str:
    smallest, median, largest = (sizes[key] for key in ("smallest", "median", "largest"))
    if list(smallest) == list(largest):
        return f"all {_by(smallest)} pixels"
    return f"{_by(smallest)} to {_by(largest)} pixels, the median {_by(median)}"


def _to_train(ways: Sequence[Way], sizes: dict[str, Sequence[int]]) -> str:
    way, *others = ways
    told = _MADE[way.resize].format(way.size)
    if list(sizes["smallest"]) == list(sizes["largest"]):
        told += f": all {' '.join(_change(way.enlarges(*sizes['median'])))}"
    else:
        told += ": "
        verb = ""
        for key in ("smallest", "median", "largest"):
            change, by = _change(way.enlarges(*sizes[key]))
            told += f"the {key} {by if change == verb else f'{change} {by}'}, "
            verb = change
        told = told.removesuffix(", ")
    also = [f"{one.size} x {one.size} ({one.resize})" for one in others]
    return f"{told}; in other experiments {', '.join(also)}" if also else told


def _change(factor: float) -> tuple[str, str]:
    """Return what is done to a photo whose sides are multiplied by a factor, and how much."""
    if factor >= 1:
        return "enlarged", f"{factor:.1f} times"
    return "shrunk", f"{1 / factor:.1f} times"


def _left_out(left_out: Sequence[dict[str, str]], index: Path) -> str:
    kinds = counted(LeftOut(**one) for one in left_out)
    if not kinds:
        return "nothing"
    more = len(kinds) - _MOST_KINDS
    told = "; ".join(kinds[:_MOST_KINDS]) + (f"; {more} more kinds" if more > 0 else "")
    return f"{told}: {index / reading.FILE}"


def _duplicates(found: Sequence[Pair], index: Path) -> list[tuple[str, str]]:
    """Count the pairs, and name the first of those that matter most."""
    if not found:
        return [("Duplicates", "none")]
    identical = sum(pair.kind == IDENTICAL for pair in found)
    across, contradictory = (sum(getattr(pair, key) for pair in found) for key in ("across", "contradictory"))
    told = (
        f"{len(found)} {'pair' if len(found) == 1 else 'pairs'}: {identical} identical, "
        f"{len(found) - identical} nearly so; {across} across the split, {contradictory} with two labels: "
        f"{index / pairs.FILE}"
    )
    if across:
        told += " (those across the split make accuracies too high)"
    order = sorted(found, key=lambda pair: not (pair.across or pair.contradictory))
    return [("Duplicates", told), *(("Duplicates", str(pair)) for pair in order[:_MOST_PAIRS])]


def _photos(number: int) -> str:
    return f"{number} {'photo' if number == 1 else 'photos'}"


def _name(one: Count) -> str:
    return fitted(one.category, _NAME)


def _by(size: Sequence[int]) -> str:
    return " x ".join(map(str, size))
