"""Make the entries of a manifest: find a data set's photos, check each, and split them.

Of every class a part drawn by a seed trains, unless the data set's own folders or tables say which.
"""

from __future__ import annotations

import os
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
from PIL import Image

from ablation.photos import classes, layouts
from ablation.photos import photo as photos
from ablation.photos.labels import Asked
from ablation.photos.manifest import TRAIN, VAL, Entry
from ablation.photos.reading import Photo
from ablation.running import files
from ablation.running.errors import UserError


def build(
    root: Path,
    train_fraction: float,
    seed: int,
    inspect: Callable[[str, Image.Image], None] = lambda _file, _photo: None,
    threads: int | None = os.cpu_count(),
    *,
    asked: Asked = Asked(),  # noqa: B008, nothing can change it
    tell: Callable[[str], None] = lambda _line: None,
) -> list[Entry]:
    """Find, check and split the photos under `root`; return them sorted by (label, file).

    A split that folders or tables make is kept. Otherwise `train_fraction` (0 to 1, exclusive) of each
    class, rounded half up, trains and the rest validates, at least one photo each; which ones depends
    only on `seed` (0 or more), the class's name and its own file names. `inspect` is called with each
    file and its decoded photo, by `threads` threads and in any order, and `tell` with a line for each thing
    that was taken for something; `asked` says where labels are. Raises `UserError` for what
    `layouts.find` refuses, for a photo that cannot be read, and for a class with a single photo.
    """
    if not 0 < train_fraction < 1:
        raise UserError(f"train_fraction is {train_fraction}: make it more than 0 and less than 1")
    if seed < 0:
        raise UserError(f"the seed of the split is {seed}: make it 0 or more")
    reading = layouts.find(root, asked)
    for note in reading.notes:
        tell(note)
    found = reading.photos
    names = classes.ordered(photo.category for photo in found)
    labels = {category: label for label, category in enumerate(names)}
    split = _split(root, found, train_fraction, seed)
    hashes = _checked_hashes(root, [photo.file for photo in found], inspect, threads)
    entries = [
        Entry(photo.file, hashes[photo.file], labels[photo.category], photo.category, split[photo.file])
        for photo in found
    ]
    return sorted(entries, key=lambda entry: (entry.label, entry.file))


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


def _split(root: Path, found: Sequence[Photo], train_fraction: float, seed: int) -> dict[str, str]:
    """Return each file's split."""
    by_class: dict[str, list[Photo]] = defaultdict(list)
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
