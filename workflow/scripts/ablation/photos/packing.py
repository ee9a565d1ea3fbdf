"""Make a pack: decode every photo of a manifest once, to the size that trains."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ablation.photos import manifest
from ablation.photos.pack import INDEX, PHOTOS, Pixels, own_sha256
from ablation.photos.photo import photo
from ablation.photos.resizing import square
from ablation.running.errors import UserError
from ablation.running.files import atomic, sha256

# Bounds the memory: decoded photos that wait to be written.
DECODED_AT_ONCE = 256


def build(
    root: Path,
    manifest_path: Path,
    size: int,
    folder: Path,
    threads: int | None = os.cpu_count(),
    *,
    resize: str = "squash",
    interpolation: str = "bilinear",
) -> None:
    """Decode every photo of a manifest to size x size pixels into a pack; `resizing` says how.

    Resizing is Pillow's, with antialiasing, as torchvision's on a photo. Memory stays bounded: pixels go to
    the file as they come. The files get their names when both are whole. `threads` photos are decoded at
    once.

    Raises UserError if a photo is not the one that the manifest describes, or the disk refuses.
    """
    entries = manifest.read(manifest_path)

    def decode(entry: manifest.Entry) -> Pixels:
        path = root / entry.file
        if not path.is_file() or sha256(path) != entry.sha256:
            raise UserError(f"{path} changed since it was indexed: delete {manifest_path} and run again")
        return np.asarray(square(photo(path), size, resize, interpolation))

    with atomic(folder / INDEX) as index, atomic(folder / PHOTOS) as photos:
        # Not through a memory map: on a full disk that kills the process without a message.
        with photos.open("wb") as file, ThreadPoolExecutor(threads) as pool:
            shape = (len(entries), size, size, 3)
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(entries), DECODED_AT_ONCE):
                for pixels in pool.map(decode, entries[start : start + DECODED_AT_ONCE]):
                    file.write(pixels.data)
        text = json.dumps(described(entries, sha256(manifest_path), sha256(photos)))
        index.write_text(text, encoding="utf-8")


def described(entries: list[manifest.Entry], manifest_sha256: str, photos_sha256: str) -> dict[str, Any]:
    """Return what `pack.json` says."""
    categories = {entry.label: entry.category for entry in entries}
    index = {
        "manifest_sha256": manifest_sha256,
        "photos_sha256": photos_sha256,
        "categories": [categories[label] for label in sorted(categories)],
        "files": [entry.file for entry in entries],
        "labels": [entry.label for entry in entries],
        "splits": [entry.split for entry in entries],
    }
    return index | {"sha256": own_sha256(index)}
