"""Draw single photos, or a whole data set of them with its label.csv."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from ablation.photos.drawn import painting
from ablation.photos.drawn.species import NAME, PHOTO, Petal, near, species_of
from ablation.running.errors import UserError
from ablation.running.files import atomic_folder

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def photo(seed: int, species: int, number: int, size: tuple[int, int]) -> Image.Image:
    """Photo `number` of a species; `size` is (long side, short side), and the photo chooses how it lies."""
    rng = np.random.default_rng((PHOTO, seed, species, number))
    width, height = size if rng.random() < 0.5 else size[::-1]
    genome = species_of(seed, species)
    petal = replace(genome.petal, colour=near(genome.petal.colour, rng, 0.015, 0.12))
    flower = replace(genome, petal=petal)
    green = near((0.27, 0.55, 0.45), rng)
    stem = Petal("narrow", 5.0, 0.011, green, green)
    canvas = painting.background(width, height, rng)
    for facing, plane in painting.planes(flower, width, height, rng):
        painting.paint_petals(canvas, facing, stem, (math.pi / 2 + rng.uniform(-0.6, 0.6),), rng)
        painting.paint_flower(canvas, plane, flower, rng)
    return painting.developed(canvas, rng)


def _names(seed: int, species: int, photos: int) -> list[list[str]]:
    """The file names per species: all different, and none tells the species."""
    taken: dict[str, None] = {}
    for category in range(species):
        for number in range(photos):
            rng, name = np.random.default_rng((NAME, seed, category, number)), ""
            while not name or name in taken:
                name = "".join(ALPHABET[k] for k in rng.integers(len(ALPHABET), size=10)) + ".jpg"
            taken[name] = None
    names = list(taken)
    return [names[start : start + photos] for start in range(0, len(names), photos)]


def draw(root: Path, species: int, photos: int, seed: int, size: tuple[int, int] = (640, 480)) -> None:
    """Make the folder `root`, or replace it, with `species` x `photos` JPEGs and their `label.csv`.

    It appears when all are written. Raises UserError for arguments out of range, and where the disk
    refuses.
    """
    for key, value, least in (("species", species, 1), ("photos", photos, 1), ("seed", seed, 0)):
        if value < least:
            raise UserError(f"drawn photos: {key} is {value}; it must be {least} or more")
    if len(size) != 2 or min(size) < 32 or size[0] < size[1]:
        raise UserError(f"drawn photos: size is {size}; give (long side, short side), each 32 pixels or more")
    names = _names(seed, species, photos)
    with atomic_folder(root) as folder:
        for category, files in enumerate(names):
            for number, name in enumerate(files):
                # Not straight to the file: of its last bytes Pillow does not notice that they do not fit.
                buffer = io.BytesIO()
                photo(seed, category, number, size).save(buffer, "JPEG", quality=90)
                (folder / name).write_bytes(buffer.getbuffer())
        with (folder / "label.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("filename", "category"))
            writer.writerows((name, category) for category, files in enumerate(names) for name in files)
