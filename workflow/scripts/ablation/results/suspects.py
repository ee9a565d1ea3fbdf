"""Photos that most networks get wrong with confidence: probably mislabelled, or unusual."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ablation.results import metrics
from ablation.results.outcomes import Bools, Outcomes
from ablation.results.statistics.wilson import wilson_interval
from ablation.running import files

FILE = "suspects.csv"
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Suspect:
    """A photo that did not train the networks which judge it: a row of suspects.csv."""

    file: str
    """The photo's path, as the manifest's `file`."""
    true: str
    """Its class, as labelled."""
    taken_for: str | None
    """The class that most of the runs which are wrong of it guess; of ties the one guessed with the higher
    probabilities, then the first. Empty where none is wrong."""
    self_confidence: float
    """The mean, over the runs that vote, of the probability of its own class, 0 to 1: the lower, the more
    suspect. "Self-confidence" of Northcutt, Jiang and Chuang (2021), "Confident learning: estimating
    uncertainty in dataset labels", Journal of Artificial Intelligence Research 70."""
    confidence: float | None
    """The mean probability of `taken_for` in the runs that take it for that, 0 to 1. Empty where none is
    wrong."""
    wrong: float
    """The share of the runs that vote which are wrong of it, 0 to 1."""
    runs: int
    """How many runs vote: those whose accuracy is told from always guessing the commonest class."""


def voters(outcomes: Outcomes) -> Bools:
    """Tell of each run whether it votes, bool R: the lower end of its Wilson interval is above the floor.

    The floor is the share of the photos that are in their commonest class. A run that cannot be told from
    always guessing that one knows nothing of photos: it gives each about the same probabilities, which
    would rank photos by their classes and draw all means together.
    """
    photos = len(outcomes.true)
    if not photos:
        return np.zeros(len(outcomes.experiments), dtype=np.bool_)
    floor = metrics.accuracy(outcomes.true, np.full_like(outcomes.true, metrics.commonest(outcomes.true)))
    hits = np.count_nonzero(outcomes.predicted == outcomes.true, axis=1)
    return np.array([wilson_interval(its, photos)[0] > floor for its in hits.tolist()], dtype=np.bool_)


def of(outcomes: Outcomes) -> list[Suspect]:
    """Return all photos, the most suspect first, of ties the first in the manifest; none if no run votes."""
    votes = voters(outcomes)
    if not votes.any():
        return []
    predicted = outcomes.predicted[votes]
    own = np.exp(outcomes.log_true[votes], dtype=np.float64).mean(axis=0)
    wrong = (predicted != outcomes.true).mean(axis=0)
    taken_for, confidence = _taken_for(outcomes, votes)
    return [
        Suspect(
            file=outcomes.files[photo],
            true=outcomes.categories[outcomes.true[photo]],
            taken_for=outcomes.categories[taken_for[photo]] if photo in taken_for else None,
            self_confidence=float(own[photo]),
            confidence=confidence.get(photo),
            wrong=float(wrong[photo]),
            runs=len(predicted),
        )
        for photo in np.argsort(own, kind="stable").tolist()
    ]


def voting(outcomes: Outcomes) -> str:
    """Say in a line how many runs vote, and why others do not."""
    votes = voters(outcomes)
    if not votes.any():
        return (
            f"{FILE} names no photo: none of the {len(votes)} runs is told from always guessing the "
            "commonest class. Train longer, or start from weights that know more"
        )
    silent = len(votes) - int(votes.sum())
    others = "; of the others none is told from always guessing the commonest class" if silent else ""
    return f"{FILE} ranks photos by {len(votes) - silent} of {len(votes)} runs{others}"


def write(suspects: list[Suspect], path: Path) -> None:
    """Write one row a photo, in their order, whole or not at all."""
    files.write_rows(path, Suspect, suspects)


def _taken_for(outcomes: Outcomes, votes: Bools) -> tuple[dict[int, int], dict[int, float]]:
    """Return what each photo of which a voting run is wrong is taken for, and with what mean probability."""
    predicted = outcomes.predicted[votes]
    wrong = predicted != outcomes.true
    # Of runs x photos x classes only those that occur.
    places = np.broadcast_to(np.arange(wrong.shape[1]), wrong.shape)[wrong]
    guesses, inverse, counts = np.unique(
        np.stack([places, predicted[wrong]]), axis=1, return_inverse=True, return_counts=True
    )
    probabilities = np.exp(outcomes.log_predicted[votes][wrong], dtype=np.float64)
    means: Floats = np.bincount(inverse.ravel(), weights=probabilities, minlength=len(counts)) / counts
    photos, labels = guesses
    # The last of a photo's rows is written last, and stays.
    order = np.lexsort((-labels, means, counts, photos)).tolist()
    return (
        {int(photos[one]): int(labels[one]) for one in order},
        {int(photos[one]): float(means[one]) for one in order},
    )
