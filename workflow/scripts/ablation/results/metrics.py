"""What accuracy hides where classes have unequally many photos: balanced accuracy, macro-F1, the floor.

Labels are int64 arrays of one label or more, each 0..C-1; all that is returned as a float is from 0 to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Labels = np.ndarray[Any, np.dtype[np.int64]]


def accuracy(true: Labels, guessed: Labels) -> float:
    """Return the share of photos whose label is guessed."""
    return float((true == guessed).mean())


def balanced_accuracy(true: Labels, guessed: Labels) -> float:
    """Return the mean, over the classes that have photos, of the share of a class's photos that are guessed.

    Brodersen et al. (2010), "The balanced accuracy and its posterior distribution", ICPR; as scikit-learn's
    `balanced_accuracy_score`. Guessing always the same class scores 1 / (classes that have photos), or 0.
    """
    photos = np.bincount(true)
    hits = np.bincount(true[true == guessed], minlength=len(photos))
    there = photos > 0
    return float((hits[there] / photos[there]).mean())


def macro_f1(true: Labels, guessed: Labels) -> float:
    """Return the mean, over the classes that are some photo's label or guess, of a class's F1.

    F1 is 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall (van Rijsbergen 1979,
    "Information Retrieval"); 0 for a class that is never guessed right. As scikit-learn's
    `f1_score(average="macro", zero_division=0)`, whose labels are those that occur too: a class without
    photos counts, with 0, if it is guessed of any, and else not.
    """
    classes = int(max(true.max(), guessed.max())) + 1
    hits = np.bincount(true[true == guessed], minlength=classes)
    # TP + FN and TP + FP.
    occurrences = np.bincount(true, minlength=classes) + np.bincount(guessed, minlength=classes)
    occurs = occurrences > 0
    return float((2 * hits[occurs] / occurrences[occurs]).mean())


def commonest(labels: Labels) -> int:
    """Return the class with the most photos, the first of ties."""
    return int(np.bincount(labels).argmax())
