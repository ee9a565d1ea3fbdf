"""The manifest: every photo of a data set with its hash, label and part in training or validation.

It is made once per data set and seed, and everything later reads it instead of looking again.
"""

from __future__ import annotations

import csv
import os
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, fields
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from ablation.photos import layouts
from ablation.photos import photo as photos
from ablation.running import files
from ablation.running.errors import UserError

TRAIN = "train"
VAL = "val"


@dataclass(frozen=True)
class Entry:
    """One photo.

    `file` is its posix path relative to the data set's root, `sha256` 64 hexadecimal digits, `label`
    0..C-1 in the order of `layouts.categories`, `category` the class's name, `split` train or val.
    """

    file: str
    sha256: str
    label: int
    category: str
    split: str


def build(
    root: Path,
    train_fraction: float,
    seed: int,
    inspect: Callable[[str, Image.Image], None] = lambda _file, _photo: None,
    threads: int | None = os.cpu_count(),
) -> list[Entry]:
    """Find, check and split the photos under `root`; return them sorted by (label, file).

    A split that the folders make is kept. Otherwise `train_fraction` (0 to 1, exclusive) of each
    class, rounded half up, trains and the rest validates, at least one photo each; which ones depends
    only on `seed` (0 or more), the class's name and its own file names. `inspect` is called with each
    file and its decoded photo, by `threads` threads and in any order. Raises `UserError` for what
    `layouts.find` refuses, for a photo that cannot be read, and for a class with a single photo.
    """
    if not 0 < train_fraction < 1:
        raise UserError(f"train_fraction is {train_fraction}: make it more than 0 and less than 1")
    if seed < 0:
        raise UserError(f"the seed of the split is {seed}: make it 0 or more")
    found = layouts.find(root)
    labels = {category: label for label, category in enumerate(layouts.categories(found))}
    split = _split(root, found, train_fraction, seed)
    hashes = _checked_hashes(root, [photo.file for photo in found], inspect, threads)
    entries = [
        Entry(photo.file, hashes[photo.file], labels[photo.category], photo.category, split[photo.file])
        for photo in found
    ]
    return sorted(entries, key=lambda entry: (entry.label, entry.file))


def write(entries: Iterable[Entry], path: Path) -> None:
    """Write a manifest as CSV with the header file,sha256,label,category,split."""
    with files.atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Entry))
        writer.writerows(astuple(entry) for entry in entries)


def read(path: Path) -> list[Entry]:
    """Read a manifest that `write` wrote; raise `UserError` when it is missing or damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, strict=True))
        return _parsed(rows)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist: run the workflow from the data set on") from error
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path} is damaged ({error}): delete it and run again") from error


# --- checking photos -------------------------------------------------------------------------------


def _checked_hashes(
    root: Path, names: list[str], inspect: Callable[[str, Image.Image], None], threads: int | None
) -> dict[str, str]:
    """Decode every photo, to find the bad ones before training does, and return its SHA-256."""

    def check(name: str) -> str:
        path = root / name
        if path.stat().st_size == 0:
            raise UserError(f"{path} is empty: remove it or replace it by a good copy")
        inspect(name, photos.photo(path))
        return files.sha256(path)

    # Pillow and hashlib let go of the interpreter's lock while they work, so threads are enough.
    with ThreadPoolExecutor(threads) as pool:
        try:
            return dict(zip(names, pool.map(check, names), strict=True))
        except OSError as error:
            raise UserError(
                f"{error.filename} cannot be read ({error.strerror}): restore the photo"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


# --- splitting -------------------------------------------------------------------------------------


def _split(root: Path, found: list[layouts.Photo], train_fraction: float, seed: int) -> dict[str, str]:
    """Return each file's split."""
    by_class: dict[str, list[layouts.Photo]] = defaultdict(list)
    for photo in found:
        by_class[photo.category].append(photo)
    split: dict[str, str] = {}
    for category, members in by_class.items():
        if len(members) < 2:
            raise UserError(
                f"{root} holds only one photo of class {category} ({members[0].file}): "
                "add another (one trains, one validates) or remove the class"
            )
        drawn = _drawn(sorted(photo.file for photo in members), category, train_fraction, seed)
        for photo in members:
            split[photo.file] = photo.split or (TRAIN if photo.file in drawn else VAL)
    return split


def _drawn(names: list[str], category: str, train_fraction: float, seed: int) -> set[str]:
    """Draw the training photos of one class."""
    # Decimal, so that 0.145 of 100 is the 14.5 that was written and not the 14.4999 that is stored.
    exact = Decimal(str(train_fraction)) * len(names)
    count = min(max(int(exact.to_integral_value(ROUND_HALF_UP)), 1), len(names) - 1)
    # Seeded by the class's name as well, so that a change in one class leaves the others as they are.
    generator = np.random.default_rng([seed, zlib.crc32(category.encode())])
    return {names[i] for i in generator.permutation(len(names))[:count]}


# --- validating ------------------------------------------------------------------------------------


def _parsed(rows: list[list[str]]) -> list[Entry]:
    """Turn rows into entries; raise `ValueError` where they are not what `build` makes."""
    header = [field.name for field in fields(Entry)]
    if not rows or rows[0] != header:
        raise ValueError(f"its first line is not {','.join(header)}")
    entries = [_entry(line, row) for line, row in enumerate(rows[1:], start=2)]
    if len({entry.file for entry in entries}) != len(entries):
        raise ValueError("it names a photo twice")
    if entries != sorted(entries, key=lambda entry: (entry.label, entry.file)):
        raise ValueError("its lines are out of order")
    names = sorted({(entry.label, entry.category) for entry in entries})
    ordered = layouts.categories(layouts.Photo(e.file, e.category, e.split) for e in entries)
    if names != list(enumerate(ordered)) or len(names) < 2:
        raise ValueError("its labels do not number its categories")
    if len({(entry.label, entry.split) for entry in entries}) != 2 * len(names):
        raise ValueError("a category lacks photos to train on or to validate")
    return entries


def _entry(line: int, row: list[str]) -> Entry:
    if len(row) != len(fields(Entry)):
        raise ValueError(f"line {line} has {len(row)} columns")
    file, digest, label, category, split = row
    path = PurePosixPath(file)
    if not file or path.is_absolute() or ".." in path.parts:
        raise ValueError(f"line {line} names the file {file!r}")
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError(f"line {line} has no SHA-256")
    if not re.fullmatch("[0-9]{1,9}", label):
        raise ValueError(f"line {line} has the label {label!r}")
    if not category or split not in (TRAIN, VAL):
        raise ValueError(f"line {line} lacks a category or split")
    return Entry(file, digest, int(label), category, split)
