"""Photos decoded once: a memory-mapped uint8 array N x H x W x 3 and what is known of each photo.

A pack is a folder of two files. `photos.npy` holds the pixels in the manifest's order, `pack.json` the
files, labels, splits and category names, with the hashes of the manifest and of the pixels.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ablation.datasets import manifest
from ablation.datasets.photos import photo
from ablation.errors import UserError
from ablation.files import atomic, sha256

PHOTOS = "photos.npy"
INDEX = "pack.json"
# Bounds the memory: decoded photos that wait to be written.
DECODED_AT_ONCE = 256


@dataclass(frozen=True)
class Pack:
    """`photos`: uint8 N x H x W x 3; `labels`: int64 N; `training`: bool N; names in the same order."""

    photos: np.ndarray[Any, np.dtype[np.uint8]]
    labels: np.ndarray[Any, np.dtype[np.int64]]
    training: np.ndarray[Any, np.dtype[np.bool_]]
    files: list[str]
    categories: list[str]
    manifest_sha256: str = ""


def build(root: Path, manifest_path: Path, size: int, folder: Path) -> None:
    """Decode every photo of a manifest to size x size pixels (aspect ratio not kept) into a pack.

    Resizing is Pillow's bilinear filter with antialiasing, torchvision's Resize on a photo. Memory
    stays bounded: pixels go to the file through a memory map.

    Raises UserError if a photo is not the one that the manifest describes.
    """
    entries = manifest.read(manifest_path)

    def decode(entry: manifest.Entry) -> np.ndarray[Any, np.dtype[np.uint8]]:
        path = root / entry.file
        if not path.is_file() or sha256(path) != entry.sha256:
            raise UserError(f"{path} changed since it was indexed: delete {manifest_path} and run again")
        return np.asarray(photo(path).resize((size, size), Image.Resampling.BILINEAR))

    with atomic(folder / PHOTOS) as temporary, ThreadPoolExecutor(os.cpu_count()) as pool:
        shape = (len(entries), size, size, 3)
        pixels = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        for start in range(0, len(entries), DECODED_AT_ONCE):
            part = entries[start : start + DECODED_AT_ONCE]
            for position, decoded in enumerate(pool.map(decode, part), start):
                pixels[position] = decoded
        pixels.flush()
        del pixels
        digest = sha256(temporary)

    categories = {entry.label: entry.category for entry in entries}
    index = {
        "manifest_sha256": sha256(manifest_path),
        "photos_sha256": digest,
        "categories": [categories[label] for label in sorted(categories)],
        "files": [entry.file for entry in entries],
        "labels": [entry.label for entry in entries],
        "splits": [entry.split for entry in entries],
    }
    with atomic(folder / INDEX) as temporary:
        temporary.write_text(json.dumps(index), encoding="utf-8")


def load(folder: Path) -> Pack:
    """Open a pack; the pixels stay on disk until they are used. Raises UserError if it is damaged."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        if sha256(folder / PHOTOS) != index["photos_sha256"]:
            raise UserError(f"{folder / PHOTOS} is not what {INDEX} describes: delete {folder} and run again")
        return Pack(
            photos=np.load(folder / PHOTOS, mmap_mode="r"),
            labels=np.array(index["labels"], dtype=np.int64),
            training=np.array([split == "train" for split in index["splits"]], dtype=np.bool_),
            files=index["files"],
            categories=index["categories"],
            manifest_sha256=index["manifest_sha256"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder} is not a readable pack ({error}): delete it and run again") from error
