"""How sure the mean of several runs on the same photos is: photos and runs are both samples, and crossed.

y[i, r] = mu + photo[i] + run[r] + rest[i, r], each part with a variance of its own, estimated from the
mean squares (Searle, Casella and McCulloch (1992), "Variance components", ch. 4). All arrays may have axes
before photos and runs, which are computed side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ablation.results.statistics.wilson import Z95, score_interval

Array = np.ndarray[Any, np.dtype[Any]]
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Mean:
    """Means with their variances and degrees of freedom, one for each place of the axes before photos."""

    mean: Floats
    variance: Floats
    freedom: Floats


def of(values: Array, folds: Array | None = None, caution: int = 1) -> Mean:
    """Return the mean over new photos and new runs of values -1, 0 or 1, ... x photos x runs (2 or more).

    variance = s2_photo / N + s2_run h + s2_rest / (N R). Of a holdout h is 1 / R. Of k folds each run is k
    networks, each on the photos of its fold: s2_run is that of networks of a fold, and h is
    1 / (k R) + 1 / (k - 1), since networks that share training photos err alike: Nadeau and Bengio (2003),
    "Inference for the generalization error", Machine Learning 52; 1 / (k - 1) are a fold's photos by those
    that train. A component that comes out negative counts as zero. Degrees of freedom: Satterthwaite (1946),
    "An approximate distribution of estimates of variance components", Biometrics Bulletin 2.

    Of few runs the variance between them often comes out far too small by chance, and intervals would be too
    narrow. Two corrections, which vanish with many runs, were found by simulation and not by theory, with f
    degrees of freedom between runs and a `caution` c: of the mean square of the rest 1 - c / f are subtracted
    from that of runs in place of all of it, and the mean square of runs counts 1 + 4 c / f times for the
    degrees of freedom of the whole. With 1 intervals hold the truth as often as they say; a test at 5%
    needs 2, and at 1% and less, as among many experiments, 4.

    The variance is 0 where all values are equal, and where there are no more photos than folds, from which
    none can be estimated; its degrees of freedom are then N - 1, 1 at least.
    """
    *_, photos, runs = values.shape
    if runs < 2:
        raise ValueError("one run says nothing of how runs differ")
    # Sums of whole numbers are exact in any order, so that no order of photos or runs changes a bit.
    by_photo = sum_of_runs(values)
    of_networks, sizes = _by_fold(values, folds)
    of_folds = of_networks.sum(axis=-1)
    k = len(sizes)
    total = by_photo.sum(axis=-1)
    mean = total / (photos * runs)
    squares = np.count_nonzero(values, axis=(-2, -1))
    photo_squares = (by_photo**2).sum(axis=-1, dtype=np.int64) / runs
    network_squares = ((of_networks**2).sum(axis=-1) / sizes).sum(axis=-1)
    fold_squares = (of_folds**2 / sizes).sum(axis=-1) / runs
    df_photo, df_run, df_rest = photos - k, k * (runs - 1), (photos - k) * (runs - 1)
    if df_photo == 0:
        return Mean(mean, np.zeros_like(mean), np.full_like(mean, max(photos - 1, 1)))
    of_photo = photo_squares - fold_squares
    of_run = network_squares - fold_squares
    of_rest = squares - photo_squares - network_squares + fold_squares
    ms_photo, ms_run, ms_rest = (
        np.maximum(one, 0) / df for one, df in ((of_photo, df_photo), (of_run, df_run), (of_rest, df_rest))
    )
    # In units of 1 / (N R) the variance is ms_photo + weight (ms_run - ms_rest).
    weight = 1.0 if k == 1 else 1 + runs * k / (k - 1)
    less = max(0.0, 1 - caution / df_run)
    # Equal ones are so whatever rounding made of them.
    no_photo, no_run = (one <= part * ms_rest * (1 + 1e-9) for one, part in ((ms_photo, 1), (ms_run, less)))
    parts = np.stack(
        [
            np.where(no_photo, 0, ms_photo),
            np.where(no_run, 0, weight * ms_run),
            np.where(no_photo, ms_rest, 0) - np.where(no_run, 0, weight * less * ms_rest),
        ]
    )
    freedoms = np.array([df_photo, df_run, df_rest]).reshape(3, *[1] * mean.ndim)
    variance = parts.sum(axis=0)
    # With neither component all values are of one kind.
    neither = no_photo & no_run
    whole, df_whole = squares - total**2 / (photos * runs), photos * runs - 1
    variance = np.where(neither, np.maximum(whole, 0) / df_whole, variance)
    counted = np.stack([parts[0], (1 + 4 * caution / df_run) * parts[1], parts[2]])
    spread = (counted**2 / freedoms).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = np.where(neither, df_whole, counted.sum(axis=0) ** 2 / spread)
    none = whole <= 0
    freedom = np.where(none, max(photos - 1, 1), np.maximum(freedom, 1))
    return Mean(mean, np.where(none, 0, variance / (photos * runs)), freedom)


def quantile(freedom: Floats) -> Floats:
    """Return Student's quantiles of two-sided 95% intervals."""
    found: Floats = special.stdtrit(freedom, 0.975)
    return found


def interval(right: Array, folds: Array | None = None) -> tuple[Floats, Floats]:
    """Return the ends (0..1) of the 95% intervals of accuracies, bool ... x photos x runs.

    Of one run Wilson's, about the very network (of k folds: the mean of the k networks) on new photos. Of
    several the recipe's, on new photos and in new runs: Wilson's interval with Student's quantile, at the
    size p (1 - p) / variance of a sample that would be as sure (Korn and Graubard (1998), "Confidence
    intervals for proportions with small expected number of positive counts estimated from survey data",
    Survey Methodology 24). Where the variance is 0, all runs were right of every photo, or of none: that size
    is then the photos'.

    By simulation (docs/statistics.md) it holds the truth in 94% to 98.5%. Of two runs it is mostly too wide,
    and holds it in up to 99%; under folds it rests on the correlation that is assumed.
    """
    *_, photos, runs = right.shape
    if runs == 1:
        share = right.sum(axis=(-1, -2)) / photos
        size, by = np.full_like(share, photos), np.full_like(share, Z95)
    else:
        found = of(right, folds)
        share, by = found.mean, quantile(found.freedom)
        with np.errstate(invalid="ignore", divide="ignore"):
            size = np.where(found.variance > 0, share * (1 - share) / found.variance, photos)
    low, high = score_interval(share, size, by)
    return np.clip(np.minimum(low, share), 0, 1), np.clip(np.maximum(high, share), 0, 1)


def sum_of_runs(values: Array) -> Array:
    """Return the sums over the last axis: one by one, since numpy is slow where an axis is short."""
    found: Array = values[..., 0].astype(np.int32)
    for run in range(1, values.shape[-1]):
        found += values[..., run]
    return found


def _by_fold(values: Array, folds: Array | None) -> tuple[Array, Array]:
    """Return the sums of each network, ... x folds x runs, and the photos of each fold."""
    if folds is None:
        return values.sum(axis=-2, dtype=np.int64)[..., None, :], np.array([values.shape[-2]])
    names, sizes = np.unique(folds, return_counts=True)
    sums = [values[..., folds == name, :].sum(axis=-2, dtype=np.int64) for name in names]
    return np.stack(sums, axis=-2), sizes
