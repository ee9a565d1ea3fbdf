"""Whether one experiment is better than another on the same photos, and by how much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from ablation.results.statistics import crossed
from ablation.results.statistics.crossed import Array, Floats
from ablation.results.statistics.wilson import Z95, wilson_interval

# The standard normal quantile of a power of 80%.
Z80 = 0.8416212335729143
# Of `crossed.of`, for tests at 5%.
CAUTION = 2


@dataclass(frozen=True)
class Comparison:
    """One experiment's accuracy less another's (-1..1), with its 95% interval and the two-sided p.

    `freedom` are the degrees of freedom of the test of several runs, infinite of one run.
    `wins` and `losses` are photos that more of its runs, or fewer, classify rightly than of the other's.
    `photos_needed` are those to validate on that would tell a difference of this size; None if there is none.
    """

    difference: float
    low: float
    high: float
    p: float
    freedom: float
    wins: int
    losses: int
    photos_needed: int | None


def compare(first: Array, second: Array, folds: Array | None = None) -> Comparison:
    """Compare two experiments, both bool photos x runs, of the same photos and the same seeds in one order.

    Of one run the exact test of McNemar (1947, Psychometrika 12) and the interval of `newcombe`: about these
    networks, on new photos. The two may disagree by a little, about p = 0.05. Of several runs Student's test
    and interval, with `crossed.of` the differences: about the recipes. There the seeds may be paired or not;
    if not, the variance between runs is that of both.
    """
    if first.shape != second.shape:
        raise ValueError(f"not the same photos and runs: {first.shape} and {second.shape}")
    values = differences(first, second)
    by_photo = crossed.sum_of_runs(values)
    mean = float(by_photo.sum() / values.size)
    found = crossed.of(values, folds, CAUTION) if values.shape[-1] > 1 else None
    if found is not None and found.variance > 0:
        half = float(crossed.quantile(found.freedom) * np.sqrt(found.variance))
        low, high = max(-1.0, mean - half), min(1.0, mean + half)
    else:
        runs = values.shape[-1]
        both, neither = (first & second).sum() / runs, (~first & ~second).sum() / runs
        low, high = newcombe(both, (values > 0).sum() / runs, (values < 0).sum() / runs, neither)
    return Comparison(
        difference=mean,
        low=low,
        high=high,
        p=float(_two_sided(by_photo, found)),
        freedom=math.inf if found is None else float(found.freedom),
        wins=int((by_photo > 0).sum()),
        losses=int((by_photo < 0).sum()),
        photos_needed=photos_needed(mean, float((values != 0).mean())),
    )


def differences(first: Array, second: Array) -> Array:
    """Return 1 where only the first is right, -1 where only the second is, else 0, as int8."""
    return first.astype(np.int8) - second.astype(np.int8)


def p_different(values: Array, folds: Array | None = None) -> Floats:
    """Return the two-sided p of no difference, of differences ... x photos x runs."""
    found = crossed.of(values, folds, CAUTION) if values.shape[-1] > 1 else None
    return _two_sided(crossed.sum_of_runs(values), found)


def p_greater(values: Array, folds: Array | None = None, caution: int = CAUTION) -> Floats:
    """Return the one-sided p of differences ... x photos x runs whose mean is not above 0.

    Of one run the binomial test of the photos that only one of the two classifies rightly; so it is of
    several runs that do not differ at all. Else Student's test with the variance of `crossed.of`.
    """
    found = crossed.of(values, folds, caution) if values.shape[-1] > 1 else None
    return _one_sided(crossed.sum_of_runs(values), found)


def _two_sided(by_photo: Array, found: crossed.Mean | None) -> Floats:
    """Return the p of `p_different` from the sums over runs and, of several, their mean."""
    less = None if found is None else crossed.Mean(-found.mean, found.variance, found.freedom)
    either: Floats = np.minimum(_one_sided(by_photo, found), _one_sided(-by_photo, less))
    return np.minimum(1, 2 * either)


def _one_sided(by_photo: Array, found: crossed.Mean | None) -> Floats:
    """Return the p of `p_greater` likewise."""
    wins, losses = (by_photo > 0).sum(axis=-1), (by_photo < 0).sum(axis=-1)
    # As many losses or fewer, of a fair coin.
    exact: Floats = np.where(wins + losses > 0, special.bdtr(losses, wins + losses, 0.5), 1.0)
    if found is None:
        return exact
    with np.errstate(invalid="ignore", divide="ignore"):
        student = special.stdtr(found.freedom, -found.mean / np.sqrt(found.variance))
    return np.where(found.variance > 0, student, exact)


def newcombe(both: float, first: float, second: float, neither: float) -> tuple[float, float]:
    """Return the 95% interval of a difference on the same photos, of which so many are right.

    Method 10 of Newcombe (1998), "Improved confidence intervals for the difference between binomial
    proportions based on paired data", Statistics in Medicine 17.
    """
    photos = both + first + second + neither
    its, others = both + first, both + second
    (low1, high1), (low2, high2) = (wilson_interval(hits, photos) for hits in (its, others))
    p1, p2 = its / photos, others / photos
    margins = its * (photos - its) * others * (photos - others)
    product = both * neither - first * second
    # Corrected for continuity only where photos are alike.
    phi = (
        (max(product - photos / 2, 0.0) if product > 0 else product) / math.sqrt(margins)
        if margins > 0
        else 0.0
    )
    down = _root((p1 - low1) ** 2 - 2 * phi * (p1 - low1) * (high2 - p2) + (high2 - p2) ** 2)
    up = _root((high1 - p1) ** 2 - 2 * phi * (high1 - p1) * (p2 - low2) + (p2 - low2) ** 2)
    return max(-1.0, p1 - p2 - down), min(1.0, p1 - p2 + up)


def photos_needed(difference: float, discordant: float) -> int | None:
    """Return how many photos tell a difference (-1..1) at p < 0.05 in 80% of the times; None if it is 0.

    `discordant` (0..1) is the share of photos of which only one of the two is right. Connor (1987), "Sample
    size for testing differences in proportions for the paired-sample design", Biometrics 43. It is of one run
    each: more photos make nothing known of how other runs would differ.
    """
    if difference == 0:
        return None
    root = Z95 * math.sqrt(discordant) + Z80 * _root(discordant - difference**2)
    return math.ceil(root**2 / difference**2)


def holm(ps: Sequence[float]) -> list[float]:
    """Return the p of a family, none or more, each corrected for the others: Holm (1979).

    Not by statsmodels, whose multipletests takes half a second at each call (it collects garbage) and more
    to be imported.
    """
    given = np.asarray(ps, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    # By the number of those not yet rejected, and never below the one before.
    corrected = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    found = np.empty_like(given)
    found[order] = np.minimum(corrected, 1)
    return [float(p) for p in found]


def _root(square: float) -> float:
    """Return the root of what rounding may have put below 0."""
    return math.sqrt(max(square, 0.0))
