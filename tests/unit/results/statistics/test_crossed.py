"""The mean of several runs, its variance and its interval: against statsmodels' analysis of variance."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from ablation.results.statistics import crossed
from ablation.results.statistics.wilson import wilson_interval

RIGHT = st.tuples(st.integers(1, 40), st.integers(1, 6)).flatmap(lambda shape: arrays(bool, shape))
SEVERAL = st.tuples(st.integers(3, 40), st.integers(2, 6)).flatmap(lambda shape: arrays(bool, shape))


def drawn(seed: int, photos: int, runs: int, spread: float = 1.0) -> np.ndarray:
    """Runs that differ in quality, of photos that differ in difficulty."""
    generator = np.random.default_rng(seed)
    chance = 1 / (1 + np.exp(-2 * generator.normal(size=(photos, 1)) - spread * generator.normal(size=runs)))
    return generator.random((photos, runs)) < chance


def anova(right: np.ndarray, folds: np.ndarray | None) -> pd.DataFrame:
    """Return statsmodels' sums of squares and degrees of freedom of photos, networks and the rest."""
    photos, runs = right.shape
    table = pd.DataFrame(
        {
            "right": right.ravel().astype(float),
            "photo": np.repeat(np.arange(photos), runs),
            "run": np.tile(np.arange(runs), photos),
            "fold": np.repeat(np.zeros(photos, int) if folds is None else folds, runs),
        }
    )
    if folds is None:
        return anova_lm(ols("right ~ C(photo) + C(run)", table).fit())
    # Each photo lies in one fold: what photos explain beyond folds is within them.
    folded = anova_lm(ols("right ~ C(fold) + C(fold):C(run)", table).fit())
    both = anova_lm(ols("right ~ C(photo) + C(run)", table).fit())
    of_fold = folded.loc["C(fold)"]
    networks = folded.loc["C(fold):C(run)"]
    found = pd.DataFrame(
        {
            "sum_sq": [
                both.loc["C(photo)", "sum_sq"] - of_fold["sum_sq"],
                networks["sum_sq"],
                both.loc[["C(run)", "Residual"], "sum_sq"].sum() - networks["sum_sq"],
            ],
            "df": [
                both.loc["C(photo)", "df"] - of_fold["df"],
                networks["df"],
                both.loc[["C(run)", "Residual"], "df"].sum() - networks["df"],
            ],
        },
        index=["C(photo)", "C(run)", "Residual"],
    )
    found["mean_sq"] = found["sum_sq"] / found["df"]
    return found


@pytest.mark.parametrize("caution", [1, 2, 4])
@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_variance_and_freedom_are_those_of_statsmodels_mean_squares(seed: int, k: int, caution: int) -> None:
    photos, runs = 31, 4
    right = drawn(seed, photos, runs)
    folds = None if k == 1 else np.arange(photos) % k
    table = anova(right, folds)
    photo, run, rest = (table.loc[name, "mean_sq"] for name in ("C(photo)", "C(run)", "Residual"))
    f_photo, f_run, f_rest = (table.loc[name, "df"] for name in ("C(photo)", "C(run)", "Residual"))
    less = max(0, 1 - caution / f_run)
    assert photo > rest
    assert run > less * rest
    # Networks differ by (run - less rest) / (photos / k), which counts 1 / (k runs) + 1 / (k - 1) times.
    part = (1 / (k * runs) + (1 / (k - 1) if k > 1 else 0)) * k / photos
    found = crossed.of(right, folds, caution)
    assert found.mean == pytest.approx(right.mean(), rel=1e-12)
    assert found.variance == pytest.approx(photo / (photos * runs) + part * (run - less * rest), rel=1e-9)
    counted = (photo / (photos * runs), (1 + 4 * caution / f_run) * part * run, -part * less * rest)
    spread = sum(one**2 / f for one, f in zip(counted, (f_photo, f_run, f_rest), strict=True))
    assert found.freedom == pytest.approx(max(1, sum(counted) ** 2 / spread), rel=1e-9)


def test_components_that_come_out_negative_count_as_zero() -> None:
    # Photos differ, runs do not: each run misses photos of its own, as many.
    right = np.ones((30, 3), bool)
    right[:6] = False
    right[6, 0] = right[7, 1] = right[8, 2] = False
    found = crossed.of(right)
    means = right.mean(axis=1)
    assert found.variance == pytest.approx(means.var(ddof=1) / 30)
    assert found.freedom == pytest.approx(29)
    # Runs differ, photos do not.
    right = np.ones((30, 3), bool)
    right[:20, 0] = right[10:, 1] = False
    right[:10, 2] = right[20:, 2] = False
    right[20, 2] = True
    assert crossed.of(right).freedom < 3 * 30


def test_neither_photos_nor_runs_differ() -> None:
    right = np.array([[True, False], [False, True]] * 10)
    found = crossed.of(right)
    assert found.variance == pytest.approx(0.5 * 0.5 * 40 / 39 / 40)
    assert found.freedom == 39


@given(RIGHT)
def test_an_interval_holds_the_accuracy_and_lies_within_0_and_1(right: np.ndarray) -> None:
    low, high = crossed.interval(right)
    assert 0 <= low <= right.mean() + 1e-15
    assert right.mean() - 1e-15 <= high <= 1
    assert low < high


@given(RIGHT)
def test_right_and_wrong_exchange(right: np.ndarray) -> None:
    low, high = crossed.interval(right)
    assert crossed.interval(~right) == (pytest.approx(1 - high, abs=1e-9), pytest.approx(1 - low, abs=1e-9))


@given(SEVERAL, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_photos_and_runs_changes_no_bit(right: np.ndarray, random: Random, folded: bool) -> None:
    photos, runs = right.shape
    folds = np.arange(photos) % 2 if folded else None
    by_photo, by_run = list(range(photos)), list(range(runs))
    random.shuffle(by_photo)
    random.shuffle(by_run)
    mixed = None if folds is None else folds[by_photo]
    assert crossed.interval(right[by_photo][:, by_run], mixed) == crossed.interval(right, folds)


@given(arrays(bool, st.tuples(st.integers(1, 40), st.just(1))))
def test_more_photos_of_the_same_kind_narrow_it(right: np.ndarray) -> None:
    (low, high), (lower, higher) = (crossed.interval(np.tile(right, (times, 1))) for times in (4, 1))
    assert high - low < higher - lower


@pytest.mark.parametrize("runs", [2, 3, 5])
def test_more_photos_narrow_that_of_several_runs(runs: int) -> None:
    widths = []
    for photos in (40, 400, 4000):
        ends = [crossed.interval(drawn(seed, photos, runs, spread=0)) for seed in range(30)]
        widths.append(np.median([high - low for low, high in ends]))
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


def test_photos_do_not_narrow_it_below_what_runs_differ_by() -> None:
    right = drawn(2, 400, 3)
    (low, high), (lower, higher) = (crossed.interval(np.tile(right, (times, 1))) for times in (1, 10))
    assert high - low == pytest.approx(higher - lower, rel=0.2)


def test_one_run_is_wilsons() -> None:
    right = drawn(3, 36, 1)
    assert crossed.interval(right) == pytest.approx(wilson_interval(right.sum(), 36), rel=1e-12)
    folds = np.arange(36) % 5
    assert crossed.interval(right, folds) == pytest.approx(wilson_interval(right.sum(), 36), rel=1e-12)


@pytest.mark.parametrize("all_right", [False, True])
def test_where_all_are_right_the_size_is_the_photos(all_right: bool) -> None:
    quantile = stats.t.ppf(0.975, 35)
    wide = quantile**2 / (36 + quantile**2)
    expected = (1 - wide, 1) if all_right else (0, wide)
    assert crossed.interval(np.full((36, 3), all_right)) == pytest.approx(expected, abs=1e-12)


def test_experiments_side_by_side_are_those_one_by_one() -> None:
    right = np.stack([drawn(seed, 20, 3) for seed in range(5)])
    low, high = crossed.interval(right)
    assert [(a, b) for a, b in zip(low, high, strict=True)] == [crossed.interval(one) for one in right]


def test_runs_that_differ_widen_it() -> None:
    alike, unlike = np.zeros((2, 600, 3), bool)
    alike[:300] = True
    for run, hits in enumerate((200, 300, 400)):
        unlike[:hits, run] = True
    (low, high), (lower, higher) = crossed.interval(alike), crossed.interval(unlike)
    assert high - low < (higher - lower) / 3


def test_folds_as_many_as_photos_leave_nothing_to_estimate() -> None:
    right = drawn(1, 5, 3)
    found = crossed.of(right, np.arange(5))
    assert (found.variance, found.freedom) == (0, 4)


def test_one_run_has_no_variance_between_runs() -> None:
    with pytest.raises(ValueError, match="one run"):
        crossed.of(drawn(1, 5, 1))
