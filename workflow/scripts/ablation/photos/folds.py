"""Folds: of a data set's photos, class by class, each part validates once while the others train.

Which photo is in which fold depends on nothing but the manifest, the number of folds and a seed, so that
manifest and pack are those of a holdout, and adding a study with folds makes neither anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from ablation.photos.pack import Index
from ablation.running.errors import UserError

Labels = np.ndarray[Any, np.dtype[np.int64]]
T = TypeVar("T", bound=Index)


def of(labels: Labels, categories: Sequence[str], count: int, seed: int) -> Labels:
    """Return the fold, 1..count, of each photo, int64 N, of int64 N labels 0..C-1.

    Stratified k-fold (Kohavi 1995, "A study of cross-validation and bootstrap for accuracy estimation and
    model selection", IJCAI): of each class the folds have as many photos, or one more, and so of all
    photos together. `seed` (0 or more) and the names of the classes draw which. Raises UserError for more
    folds than photos.
    """
    if count > len(labels):
        raise UserError(f"split.folds is {count}, and there are {len(labels)} photos: write fewer folds")
    found, given = np.zeros(len(labels), dtype=np.int64), 0
    for label, category in enumerate(categories):
        its = np.flatnonzero(labels == label)
        # Another stream than that of the holdout, whose photos that train would all lie together.
        drawn = np.random.default_rng([seed, zlib.crc32(category.encode()), count]).permutation(len(its))
        # The odd photo goes where the class before left off, else the first folds would have all of them.
        found[its[drawn]] = (given + np.arange(len(its))) % count + 1
        given += len(its)
    return found


def applied(pack: T, folds: int, fold: int, seed: int) -> T:
    """Return a pack of which the photos of a fold validate and the others train; as it is without folds.

    Those of the test set stay apart. Of a class with fewer photos than folds some folds validate none.
    """
    if not folds:
        return pack
    rows = np.arange(len(pack.labels)) if pack.test is None else np.flatnonzero(~pack.test)
    training = np.zeros(len(pack.labels), dtype=np.bool_)
    training[rows] = of(pack.labels[rows], pack.categories, folds, seed) != fold
    return replace(pack, training=training)
