"""The photos of the benchmarks: class folders `train/` and `val/`, which every peer reads, and their pack."""

from __future__ import annotations

import itertools
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from ablation.photos import archive, indexing, manifest, packing
from ablation.photos.drawn import drawing
from sizes import SIZES

SEED = 3


def source(given: Path | None, folder: Path) -> Path:
    """Return a folder of photos: drawn ones, or the user's, from a folder or an archive."""
    if given is None:
        drawing.draw(folder / "source", SIZES.species, SIZES.photos, SEED, SIZES.size)
    elif given.is_dir():
        return given
    else:
        archive.unpack(given, folder / "source")
    return folder / "source"


def arrange(root: Path, folder: Path, training: int | None = None) -> None:
    """Link the photos under `root` into class folders under `folder`/photos, and pack nothing yet.

    With `training`, that many of them train, each as often as it takes.
    """
    by_split: dict[str, list[manifest.Entry]] = defaultdict(list)
    for entry in indexing.index(root, 0.7, 0).entries:
        by_split[entry.split].append(entry)
    if training:
        repeated = itertools.cycle(by_split[manifest.TRAIN])
        by_split[manifest.TRAIN] = list(itertools.islice(repeated, training))
    for split, entries in by_split.items():
        for number, entry in enumerate(entries):
            link = folder / "photos" / split / entry.category / f"{number:05d}{Path(entry.file).suffix}"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to((root / entry.file).resolve())


def packed(folder: Path, side: int) -> None:
    """Index and pack what `arrange` made."""
    manifest.write(indexing.index(folder / "photos", 0.7, 0).entries, folder / "manifest.csv")
    packing.build(folder / "photos", folder / "manifest.csv", side, folder / "pack")


def generate(folder: Path, count: int, classes: int, size: tuple[int, int] = SIZES.size) -> None:
    """Write so many different JPEGs into class folders: a drawn photo, shifted and brightened at random."""
    base = np.asarray(drawing.photo(SEED, 0, 0, size))
    for label in range(classes):
        (folder / f"{label:03d}").mkdir(parents=True)
    tasks = [(folder, base, numbers, classes) for numbers in np.array_split(np.arange(count), 64)]
    with ProcessPoolExecutor() as pool:
        # Asked for, so that an error in a process is raised here.
        list(pool.map(_generate, tasks))


def _generate(task: tuple[Path, np.ndarray, np.ndarray, int]) -> None:
    folder, base, numbers, classes = task
    for number in numbers.tolist():
        rng = np.random.default_rng(number)
        shifted = np.roll(base, rng.integers(0, base.shape[:2]), axis=(0, 1)) // 2 + rng.integers(0, 128)
        path = folder / f"{number % classes:03d}" / f"{number:06d}.jpg"
        Image.fromarray(shifted.astype(np.uint8)).save(path, quality=90)
