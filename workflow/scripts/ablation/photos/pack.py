"""Photos decoded once: a memory-mapped uint8 array N x H x W x 3 and what is known of each photo.

A pack is a folder of two files. `photos.npy` holds the pixels in the manifest's order, `pack.json` the
files, labels, splits and category names, with the hashes of the manifest, of the pixels and of itself.
"""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ablation.photos import manifest
from ablation.photos.photo import photo
from ablation.running.errors import UserError
from ablation.running.files import atomic, sha256

PHOTOS = "photos.npy"
INDEX = "pack.json"
# Bounds the memory: decoded photos that wait to be written.
DECODED_AT_ONCE = 256

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Index:
    """What is known of the photos. `labels`: int64 N; `training`: bool N; `files` in the same order.

    `sha256` changes with anything in the pack.
    """

    labels: np.ndarray[Any, np.dtype[np.int64]]
    training: np.ndarray[Any, np.dtype[np.bool_]]
    files: list[str]
    categories: list[str]
    manifest_sha256: str = ""
    photos_sha256: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Pack(Index):
    """The photos too: uint8 N x H x W x 3."""

    photos: Pixels = field(kw_only=True)


def build(
    root: Path, manifest_path: Path, size: int, folder: Path, threads: int | None = os.cpu_count()
) -> None:
    """Decode every photo of a manifest to size x size pixels (aspect ratio not kept) into a pack.

    Resizing is Pillow's bilinear filter with antialiasing, torchvision's Resize on a photo. Memory
    stays bounded: pixels go to the file as they come. The files get their names when both are whole.
    `threads` photos are decoded at once.

    Raises UserError if a photo is not the one that the manifest describes, or the disk refuses.
    """
    entries = manifest.read(manifest_path)

    def decode(entry: manifest.Entry) -> Pixels:
        path = root / entry.file
        if not path.is_file() or sha256(path) != entry.sha256:
            raise UserError(f"{path} changed since it was indexed: delete {manifest_path} and run again")
        return np.asarray(photo(path).resize((size, size), Image.Resampling.BILINEAR))

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


def own_sha256(index: dict[str, Any]) -> str:
    """Return the hash that `pack.json` carries: of all else in it."""
    rest = {key: value for key, value in index.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def load(folder: Path) -> Pack:
    """Open a pack; the pixels stay on disk until they are used. Raises UserError if it was altered."""
    index = load_index(folder)
    try:
        if sha256(folder / PHOTOS) != index.photos_sha256:
            raise UserError(f"{folder / PHOTOS} is not what {INDEX} describes: delete {folder} and run again")
        return Pack(**vars(index), photos=np.load(folder / PHOTOS, mmap_mode="r"))
    except (OSError, ValueError) as error:
        raise unreadable(folder, error) from error


def load_index(folder: Path) -> Index:
    """Read what is known of a pack's photos, without looking at them; raises UserError if it was altered."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        if index["sha256"] != own_sha256(index):
            raise UserError(f"{folder / INDEX} was altered: delete {folder} and run again")
        return Index(
            labels=np.array(index["labels"], dtype=np.int64),
            training=np.array([split == "train" for split in index["splits"]], dtype=np.bool_),
            files=index["files"],
            categories=index["categories"],
            manifest_sha256=index["manifest_sha256"],
            photos_sha256=index["photos_sha256"],
            sha256=index["sha256"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise unreadable(folder, error) from error


def unreadable(folder: Path, error: Exception) -> UserError:
    """Return the one line about a folder that is no pack."""
    return UserError(f"{folder} is not a readable pack ({error}): delete it and run again")
