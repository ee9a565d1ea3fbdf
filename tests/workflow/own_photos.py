"""Small data sets as a user would bring them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image


def photo(seed: int, size: int = 60) -> bytes:
    """The bytes of a JPEG; each seed another."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size + 20, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def class_photos(photos: int = 3, seed: int = 0) -> dict[str, bytes]:
    """Photos of two classes, by their path."""
    names = [f"{name}/{k}.jpg" for name in ("rose", "tulip") for k in range(photos)]
    return {name: photo(seed + k) for k, name in enumerate(names)}


def write_classes(folder: Path, photos: int = 3, seed: int = 0) -> None:
    """Write a data set with one folder for each class."""
    for name, content in class_photos(photos, seed).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def write_archive(path: Path, photos: int = 3, seed: int = 0) -> None:
    """Write a zip of a data set with one folder for each class."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content in class_photos(photos, seed).items():
            file.writestr(name, content)
