"""The few photos of a smoke test: enough of each kind that every step has something to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ablation.photos import classes
from ablation.photos.manifest import TEST, TRAIN, VAL
from ablation.photos.reading import Photo

CLASSES = 16
# Of each class: so many train, validate and test, and so many where none of these is said.
OF_CLASS = {TRAIN: 2, VAL: 1, TEST: 1, None: 3}


def few(photos: Sequence[Photo]) -> list[Photo]:
    """Return three photos of each of the first 16 classes, by name.

    Where the data set says which is for what: two that train, one that validates, one of the test set.
    """
    kept = set(classes.ordered(photo.category for photo in photos)[:CLASSES])
    taken: dict[tuple[str, str | None], int] = defaultdict(int)
    found = []
    for photo in sorted(photos, key=lambda photo: photo.file):
        group = photo.category, photo.split
        if photo.category in kept and taken[group] < OF_CLASS[photo.split]:
            taken[group] += 1
            found.append(photo)
    return found
