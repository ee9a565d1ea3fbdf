"""Make the entries of a manifest: find a data set's photos, check each, and split them.

Of every class a part drawn by a seed trains, and one may be a test set, unless the data set's own folders or
tables say which.
"""

from __future__ import annotations

import os
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
from PIL import Image

from ablation.photos import checking, classes, layouts
from ablation.photos.few import few as few_of
from ablation.photos.labels import Asked
from ablation.photos.manifest import TEST, TRAIN, VAL, Entry
from ablation.photos.reading import MIND, Photo, Reading
from ablation.photos.wording import short, some
from ablation.running.errors import UserError


@dataclass(frozen=True)
class Index:
    """A data set's `entries`, sorted by (label, file), how it was read, and what opening its photos showed.

    Bad photos that are left out are in the reading's `left_out`.
    """

    entries: list[Entry]
    reading: Reading
    checked: checking.Checked


def index(
    root: Path,
    train_fraction: float,
    seed: int,
    inspect: Callable[[str, Image.Image], None] = lambda _file, _photo: None,
    threads: int | None = os.cpu_count(),
    *,
    asked: Asked = Asked(),  # noqa: B008, nothing can change it
    leave_out: bool = False,
    few: bool = False,
    test_fraction: float = 0,
    tell: Callable[[str], None] = lambda _line: None,
) -> Index:
    """Find, check and split the photos under `root`.

    A split that folders or tables make is kept. Otherwise `train_fraction` (0 to 1, exclusive) of each
    class, rounded half up, trains and the rest validates, at least one photo each; which ones depends
    only on `seed` (0 or more), the class's name and its own file names. Before that `test_fraction` (0 to 1)
    of each, rounded likewise, at least one, goes to a test set if it is not 0. `inspect` is called with each
    file and its decoded photo, by `threads` threads and in any order, and `tell` with a line for each thing
    that was taken for something and for each bad photo; `asked` says where labels are, and `few` takes the
    few photos of a smoke test alone. Raises `UserError` for what `layouts.find` refuses, for photos that
    cannot be read unless they are to be left out (`leave_out`), and for a class with a single photo.
    """
    if not 0 <= test_fraction < 1:
        raise UserError(f"test_fraction is {test_fraction}: make it 0 or more and less than 1")
    if not 0 < train_fraction < 1:
        raise UserError(f"train_fraction is {train_fraction}: make it more than 0 and less than 1")
    if seed < 0:
        raise UserError(f"the seed of the split is {seed}: make it 0 or more")
    found = layouts.find(root, asked)
    if few:
        found = replace(found, photos=tuple(few_of(found.photos)))
        tell(f"a smoke test: {len(found.photos)} photos")
    brings = {photo.split for photo in found.photos} - {None}
    if test_fraction and brings:
        note = f"{MIND}split.test_fraction is not used: the data set brings a split of its own"
        found = replace(found, notes=(*found.notes, note))
    for note in found.notes:
        tell(note)
    checked = checking.check(root, [photo.file for photo in found.photos], inspect, threads)
    for line in (*(f"{root / bad.file} is {bad.why}" for bad in checked.bad), *checked.notes):
        tell(line)
    if not leave_out:
        checking.refuse(checked.bad, root)
    reading = _without(found, checked)
    fractions = train_fraction, 0 if brings else test_fraction
    split = _split(root, found.photos, reading.photos, fractions, seed)
    names = classes.ordered(photo.category for photo in reading.photos)
    labels = {category: label for label, category in enumerate(names)}
    entries = [
        Entry(
            photo.file, checked.hashes[photo.file], labels[photo.category], photo.category, split[photo.file]
        )
        for photo in reading.photos
    ]
    return Index(sorted(entries, key=lambda entry: (entry.label, entry.file)), reading, checked)


def _without(found: Reading, checked: checking.Checked) -> Reading:
    """Return what was found with the bad photos among what is left out, and the notes of both."""
    return replace(
        found,
        photos=tuple(photo for photo in found.photos if photo.file in checked.hashes),
        left_out=tuple(sorted((*found.left_out, *checked.bad), key=lambda one: one.file)),
        notes=(*found.notes, *checked.notes),
    )


# --- splitting -------------------------------------------------------------------------------------


def _split(
    root: Path, found: Sequence[Photo], good: Sequence[Photo], fractions: tuple[float, float], seed: int
) -> dict[str, str]:
    """Return the split of each good photo by file, of all that were found.

    `fractions` (0 to 1) are those that train and, before, those of a test set.
    """
    split = {photo.file: TEST for photo in good if photo.split == TEST}
    by_class: dict[str, list[Photo]] = {photo.category: [] for photo in found if photo.split != TEST}
    for photo in good:
        if photo.split != TEST:
            by_class[photo.category].append(photo)
    bad: dict[str, list[str]] = defaultdict(list)
    for photo in set(found).difference(good):
        bad[photo.category].append(photo.file)
    for category, members in by_class.items():
        left = f" beside {some(sorted(bad[category]), 'bad one', 'bad ones')}" if bad[category] else ""
        if len(members) < 2:
            count = (
                f"only one photo of class {short(category)} ({short(members[0].file)})"
                if members
                else (f"no photo of class {short(category)}")
            )
            raise UserError(
                f"{root} holds {count}{left}: add another (one trains, one validates) or remove the class"
            )
        drawn = _drawn(sorted(photo.file for photo in members), category, fractions, seed)
        for photo in members:
            split[photo.file] = photo.split or drawn[photo.file]
        if lacking := {TRAIN, VAL}.difference(split[photo.file] for photo in members):
            purpose = "trains" if lacking == {TRAIN} else "validates"
            raise UserError(
                f"{root} holds no photo of class {short(category)} that {purpose}{left}: add one there or "
                "remove the class"
            )
    return split


def _drawn(names: list[str], category: str, fractions: tuple[float, float], seed: int) -> dict[str, str]:
    """Draw what each photo of one class, two or more, is for."""
    train_fraction, test_fraction = fractions
    # At least one that trains and one that validates are left.
    test = min(max(_rounded(test_fraction, len(names)), 1), len(names) - 2) if test_fraction else 0
    rest = len(names) - test
    train = min(max(_rounded(train_fraction, rest), 1), rest - 1)
    # Seeded by the class's name as well, so that a change in one class leaves the others as they are.
    generator = np.random.default_rng([seed, zlib.crc32(category.encode())])
    parts = [TRAIN] * train + [VAL] * (rest - train) + [TEST] * test
    return {names[place]: part for place, part in zip(generator.permutation(len(names)), parts, strict=True)}


def _rounded(fraction: float, count: int) -> int:
    """Return a fraction of a count, rounded half up."""
    # Decimal, so that 0.145 of 100 is the 14.5 that was written and not the 14.4999 that is stored.
    return int((Decimal(str(fraction)) * count).to_integral_value(ROUND_HALF_UP))
