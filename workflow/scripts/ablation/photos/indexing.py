"""Make the entries of a manifest: find a data set's photos, check each, and split them.

Of every class a part drawn by a seed trains, unless the data set's own folders or tables say which.
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
from ablation.photos.manifest import TRAIN, VAL, Entry
from ablation.photos.reading import Photo, Reading
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
    tell: Callable[[str], None] = lambda _line: None,
) -> Index:
    """Find, check and split the photos under `root`.

    A split that folders or tables make is kept. Otherwise `train_fraction` (0 to 1, exclusive) of each
    class, rounded half up, trains and the rest validates, at least one photo each; which ones depends
    only on `seed` (0 or more), the class's name and its own file names. `inspect` is called with each
    file and its decoded photo, by `threads` threads and in any order, and `tell` with a line for each thing
    that was taken for something and for each bad photo; `asked` says where labels are, and
    `few` takes the few photos of a smoke test alone. Raises `UserError` for
    what `layouts.find` refuses, for photos that cannot be read unless they are to be left out (`leave_out`),
    and for a class with a single photo.
    """
    if not 0 < train_fraction < 1:
        raise UserError(f"train_fraction is {train_fraction}: make it more than 0 and less than 1")
    if seed < 0:
        raise UserError(f"the seed of the split is {seed}: make it 0 or more")
    found = layouts.find(root, asked)
    if few:
        found = replace(found, photos=tuple(few_of(found.photos)))
        tell(f"a smoke test: {len(found.photos)} photos")
    for note in found.notes:
        tell(note)
    checked = checking.check(root, [photo.file for photo in found.photos], inspect, threads)
    for line in (*(f"{root / bad.file} is {bad.why}" for bad in checked.bad), *checked.notes):
        tell(line)
    if not leave_out:
        checking.refuse(checked.bad, root)
    reading = _without(found, checked)
    split = _split(root, found.photos, reading.photos, train_fraction, seed)
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
    root: Path, found: Sequence[Photo], good: Sequence[Photo], train_fraction: float, seed: int
) -> dict[str, str]:
    """Return the split of each good photo by file, of all that were found."""
    by_class: dict[str, list[Photo]] = {photo.category: [] for photo in found}
    for photo in good:
        by_class[photo.category].append(photo)
    bad: dict[str, list[str]] = defaultdict(list)
    for photo in set(found).difference(good):
        bad[photo.category].append(photo.file)
    split: dict[str, str] = {}
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
        drawn = _drawn(sorted(photo.file for photo in members), category, train_fraction, seed)
        for photo in members:
            split[photo.file] = photo.split or (TRAIN if photo.file in drawn else VAL)
        if lacking := {TRAIN, VAL}.difference(split[photo.file] for photo in members):
            purpose = "trains" if lacking == {TRAIN} else "validates"
            raise UserError(
                f"{root} holds no photo of class {short(category)} that {purpose}{left}: add one there or "
                "remove the class"
            )
    return split


def _drawn(names: list[str], category: str, train_fraction: float, seed: int) -> set[str]:
    """Draw the training photos of one class."""
    # Decimal, so that 0.145 of 100 is the 14.5 that was written and not the 14.4999 that is stored.
    exact = Decimal(str(train_fraction)) * len(names)
    count = min(max(int(exact.to_integral_value(ROUND_HALF_UP)), 1), len(names) - 1)
    # Seeded by the class's name as well, so that a change in one class leaves the others as they are.
    generator = np.random.default_rng([seed, zlib.crc32(category.encode())])
    return {names[i] for i in generator.permutation(len(names))[:count]}
