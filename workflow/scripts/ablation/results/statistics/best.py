"""Which experiment is the best, which may be, and how good the one that was chosen is.

All take `right`, bool experiments x photos x runs. A generator of a fixed seed gives the same digits for the
same data on any machine: what is summed are whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ablation.results.statistics.crossed import Array, Floats
from ablation.results.statistics.paired import differences, p_greater

Bools = np.ndarray[Any, np.dtype[np.bool_]]
ALPHA = 0.05
# Of `crossed.of`, for tests of a part of 5%.
CAUTION = 4
RESAMPLES = 2_000


@dataclass(frozen=True)
class Chosen:
    """The accuracy (0..1) of choosing the best, on photos that did not choose, and its 95% interval."""

    accuracy: float
    low: float
    high: float


def could_be_best(right: Array, folds: Array | None = None) -> Bools:
    """Tell of each experiment whether it may be the best: the truly best one is among them 95% of the time.

    Multiple comparisons with the best: Hsu (1981), "Simultaneous confidence intervals for all distances from
    the 'best'", Annals of Statistics 9. An experiment is out if another is better at a one-sided p of 5% /
    (the others), by `paired.p_greater`. Bonferroni stands in place of Hsu's quantile, since each pair has
    degrees of freedom of its own.
    """
    top = right[right.sum(axis=(1, 2)).argmax()]
    # Most are out by the top one alone, which spares comparing them with all others.
    left: Bools = p_greater(differences(top[None], right), folds, CAUTION) > _limit(len(right))
    for one in np.flatnonzero(left):
        left[one] = not beaten(right, int(one), folds)
    return left


def beaten(right: Array, one: int, folds: Array | None = None) -> Bools:
    """Tell whether another experiment is better than this one; there may be axes before experiments."""
    ps = p_greater(differences(right, right[..., one, None, :, :]), folds, CAUTION)
    found: Bools = np.asarray((ps <= _limit(ps.shape[-1])).any(axis=-1))
    return found


def resamples(photos: int, generator: np.random.Generator, count: int = RESAMPLES) -> Floats:
    """Return how often each of one photo or more is drawn with replacement: count x photos, whole numbers."""
    return generator.multinomial(photos, np.full(photos, 1 / photos), size=count).astype(np.float64)


def probabilities(right: Array, drawn: Floats, generator: np.random.Generator) -> Floats:
    """Return how often each experiment is the best (0..1, together 1) when photos and runs are drawn again.

    Photos are `drawn` (`resamples`), the same for all experiments, and each experiment's runs by themselves:
    Owen and Eckles (2012), "Bootstrapping data arrays of arbitrary order", Annals of Applied Statistics 6.
    Equal ones share. It weighs what was seen, and is no test: with few runs it knows too little of how others
    would do.
    """
    hits = _hits(drawn, right)
    runs = right.shape[2]
    counts = generator.multinomial(runs, [1 / runs] * runs, size=hits.shape[:2])
    shares: Floats = _shares((hits * counts).sum(axis=2)).mean(axis=0)
    return shares


def corrected(right: Array, drawn: Floats, generator: np.random.Generator) -> Chosen:
    """Return the accuracy of the best of the experiments, corrected for having been chosen by these.

    Of photos as they are `drawn` (`resamples`) the best is chosen, and scored on those that were not drawn;
    accuracy is the mean, the interval from 2.5% to 97.5% of the scores: BBC-CV of Tsamardinos, Greasidou and
    Borboudakis (2018), "Bootstrapping the out-of-sample predictions for efficient and accurate
    cross-validation", Machine Learning 107. Theirs knows photos alone. Of several runs luck of the runs is
    chosen too, so that each time one run of each experiment does not choose, and is the one that is scored.
    Luck of the training photos, which all folds share, is not corrected for. Equal ones share. All three are
    nan where no photo is ever left out: of one photo.
    """
    rest = (drawn == 0).astype(np.float64)
    sizes = rest.sum(axis=1)
    if not sizes.any():
        return Chosen(*[float("nan")] * 3)
    choosing, scored = _hits(drawn, right), _hits(rest, right)
    runs = right.shape[2]
    if runs > 1:
        out = generator.integers(runs, size=choosing.shape[:2])[..., None] == np.arange(runs)
        choosing, scored = choosing * ~out, scored * out
    shares = _shares(choosing.sum(axis=2))
    scores = (scored.sum(axis=2) * shares).sum(axis=1)[sizes > 0] / sizes[sizes > 0]
    low, high = np.quantile(scores, [0.025, 0.975])
    return Chosen(float(scores.mean()), float(low), float(high))


def _hits(drawn: Floats, right: Array) -> Floats:
    """Return how often each run is right of the photos that are drawn, resamples x experiments x runs."""
    experiments, photos, runs = right.shape
    by_photo = right.transpose(1, 0, 2).reshape(photos, -1).astype(np.float64)
    return (drawn @ by_photo).reshape(-1, experiments, runs)


def _limit(experiments: int) -> float:
    """Return the p of one comparison by which all of one with the others hold 5% together."""
    return ALPHA / max(experiments - 1, 1)


def _shares(scores: Floats) -> Floats:
    """Return 1 for the highest of each row, parts of 1 for equal ones, else 0."""
    best = scores == scores.max(axis=1, keepdims=True)
    shares: Floats = best / best.sum(axis=1, keepdims=True)
    return shares
