"""Photos x runs: the labels of a study's photos, and what each run guesses of those that validate.

The labels are the manifest's. Every pack has them in the same order, whatever its photos' size, but packs may
have been deleted to save disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ablation.photos import manifest
from ablation.results import outputs
from ablation.results.metrics import Labels
from ablation.running.files import sha256


@dataclass(frozen=True)
class Photos:
    """A data set's photos: the labels (0..C-1) of those that train and of those that validate, C categories.

    Both are in the manifest's order. `manifest_sha256` is the hash of the file that says so.
    """

    training: Labels
    validation: Labels
    categories: list[str]
    manifest_sha256: str


def photos(path: Path) -> Photos:
    """Read which photos a study has from its manifest; raises UserError if it is damaged."""
    entries = manifest.read(path)
    names = dict(sorted((entry.label, entry.category) for entry in entries))
    parts = {
        part: np.array([entry.label for entry in entries if entry.split == part], dtype=np.int64)
        for part in (manifest.TRAIN, manifest.VAL)
    }
    return Photos(parts[manifest.TRAIN], parts[manifest.VAL], list(names.values()), sha256(path))


def guesses(run: Path, its: Photos) -> Labels:
    """Return the class (0..C-1) that a run's best weights give each validation photo, in their order.

    It is that of the highest output, the first of ties, by which training counts hits too. Raises UserError
    if the outputs are not readable, and ValueError if they are of another number of photos or classes.
    """
    found, expected = outputs.read(run / outputs.FILE), (len(its.validation), len(its.categories))
    if found.shape != expected:
        raise ValueError(f"{outputs.FILE} has the shape {found.shape} in place of {expected}")
    guessed: Labels = found.argmax(1).astype(np.int64)
    return guessed
