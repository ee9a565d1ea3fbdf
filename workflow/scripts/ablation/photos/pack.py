"""Photos decoded once: a memory-mapped uint8 array N x H x W x 3 and what is known of each photo.

A pack is a folder of two files. `photos.npy` holds the pixels in the manifest's order, `pack.json` the
files, labels, splits and category names, with the hashes of the manifest, of the pixels and of itself.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ablation.photos.manifest import TEST, TRAIN
from ablation.running.errors import UserError
from ablation.running.files import sha256

PHOTOS = "photos.npy"
INDEX = "pack.json"

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Index:
    """What is known of the photos. `labels`: int64 N; `training`, `test`: bool N, the file's `splits`.

    `sha256` changes with anything in the pack.
    """

    labels: np.ndarray[Any, np.dtype[np.int64]]
    """The class of each photo, 0 to C - 1."""
    training: np.ndarray[Any, np.dtype[np.bool_]]
    """Whether each photo trains."""
    files: list[str]
    """Each photo's path, as the manifest's `file` and in its order."""
    categories: list[str]
    """The names of the classes, in the order of their labels."""
    manifest_sha256: str = ""
    """The hash of the manifest."""
    photos_sha256: str = ""
    """The hash of `photos.npy`."""
    sha256: str = ""
    """The hash of all else in the file."""
    test: np.ndarray[Any, np.dtype[np.bool_]] | None = None
    """Whether each photo is of the test set; None: none is."""

    @property
    def validating(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether each photo validates, bool N: whether it neither trains nor is of the test set."""
        return ~self.training if self.test is None else ~(self.training | self.test)


@dataclass(frozen=True)
class Pack(Index):
    """The photos too: uint8 N x H x W x 3."""

    photos: Pixels = field(kw_only=True)

    def of_test_set(self) -> Pack:
        """Return the photos with those of the test set, of which there is one, in the place of validation."""
        assert self.test is not None
        return replace(self, training=~self.test, test=None)


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
        splits = np.array(index["splits"])
        return Index(
            labels=np.array(index["labels"], dtype=np.int64),
            training=splits == TRAIN,
            test=splits == TEST if TEST in index["splits"] else None,
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
