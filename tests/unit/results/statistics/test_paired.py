"""Differences on the same photos, against statsmodels, scipy and published examples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from ablation.results.statistics.paired import compare, holm, newcombe, photos_needed

COUNTS = st.tuples(*[st.integers(0, 60)] * 4).filter(lambda counts: sum(counts) > 0)
PAIRS = st.tuples(st.just(2), st.integers(2, 30), st.integers(1, 5)).flatmap(
    lambda shape: arrays(bool, shape)
)


def runs_of(both: int, first: int, second: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    """One run of each of two experiments, of which so many photos are right."""
    one = np.repeat([True, True, False, False], [both, first, second, neither])
    other = np.repeat([True, False, True, False], [both, first, second, neither])
    return one[:, None], other[:, None]


@given(COUNTS)
def test_one_run_is_statsmodels_exact_mcnemar(counts: tuple[int, int, int, int]) -> None:
    both, first, second, neither = counts
    found = compare(*runs_of(*counts))
    expected = mcnemar([[both, first], [second, neither]], exact=True).pvalue if first + second else 1
    assert found.p == pytest.approx(min(1, expected), rel=1e-9)
    assert (found.wins, found.losses) == (first, second)
    assert found.difference == pytest.approx((first - second) / sum(counts))


def test_newcombes_published_example() -> None:
    # Newcombe (1998), tables of methods: 36, 12, 2, 0 of 50, method 10.
    assert newcombe(36, 12, 2, 0) == pytest.approx((0.0569, 0.3404), abs=5e-5)


def test_published_interval_and_p_of_alike_photos() -> None:
    # Complete response before and after consolidation (Cavo et al. 2012): 59, 6, 16, 80 of 161, chapter 8 of
    # Fagerland, Lydersen and Laake (2017), "Statistical analysis of contingency tables", by its R package.
    found = compare(*runs_of(59, 6, 16, 80))
    assert (found.low, found.high) == pytest.approx((-0.1186, -0.0046), abs=5e-5)
    assert found.p == pytest.approx(0.052479, abs=5e-7)


def test_without_correlation_newcombe_is_that_of_independent_samples() -> None:
    # both x neither = first x second.
    expected = confint_proportions_2indep(30, 50, 20, 50, method="newcomb", compare="diff")
    assert newcombe(12, 18, 8, 12) == pytest.approx(expected, rel=1e-9)


@given(COUNTS)
def test_newcombe_holds_the_difference_and_turns_with_its_sides(counts: tuple[int, int, int, int]) -> None:
    both, first, second, neither = counts
    low, high = newcombe(*counts)
    assert -1 <= low <= (first - second) / sum(counts) <= high <= 1
    assert newcombe(both, second, first, neither) == pytest.approx((-high, -low), abs=1e-12)
    assert newcombe(neither, first, second, both) == pytest.approx((low, high), abs=1e-9)


def test_several_runs_without_variance_between_them_are_students_paired_test() -> None:
    # Each run is the same: only photos vary, so that all is a t-test of the photos.
    one, other = runs_of(20, 12, 5, 13)
    first, second = np.repeat(one, 3, axis=1), np.repeat(other, 3, axis=1)
    expected = stats.ttest_rel(one[:, 0].astype(float), other[:, 0].astype(float))
    found = compare(first, second)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx(expected.confidence_interval(0.95), rel=1e-9)


@given(PAIRS)
def test_the_two_sides_exchange(right: np.ndarray) -> None:
    found, turned = compare(*right), compare(*right[::-1])
    assert (turned.difference, turned.p) == (-found.difference, found.p)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), abs=1e-12)
    assert (turned.wins, turned.losses) == (found.losses, found.wins)
    assert turned.photos_needed == found.photos_needed


@given(PAIRS)
def test_it_holds_the_difference(right: np.ndarray) -> None:
    found = compare(*right)
    assert -1 <= found.low <= found.difference + 1e-12
    assert found.difference - 1e-12 <= found.high <= 1
    assert 0 <= found.p <= 1
    assert found.difference == pytest.approx(right[0].mean() - right[1].mean(), abs=1e-12)


@given(PAIRS)
def test_the_same_is_no_difference(right: np.ndarray) -> None:
    found = compare(right[0], right[0])
    assert (found.difference, found.p, found.wins, found.losses, found.photos_needed) == (0, 1, 0, 0, None)
    assert found.low < 0 < found.high


def test_always_better_is_told_by_the_photos() -> None:
    found = compare(np.ones((10, 3), bool), np.zeros((10, 3), bool))
    assert found.p == pytest.approx(2 * 0.5**10)
    assert found.low > 0.5


def test_runs_that_disagree_are_no_evidence() -> None:
    # 40 photos more in one run, 40 fewer in the next, and 10 more in the third.
    first, second = np.zeros((2, 100, 3), bool)
    first[:40, 0] = second[:40, 1] = first[:10, 2] = True
    assert compare(first, second).p > 0.5


def test_folds_count_what_their_training_sets_share() -> None:
    generator = np.random.default_rng(5)
    first, second = generator.random((2, 400, 3)) < np.array([0.8, 0.5])[:, None, None]
    folds = np.arange(400) % 4
    for fold, run in ((0, 0), (1, 1), (2, 2), (3, 0)):
        first[folds == fold, run] &= generator.random(100) < 0.5
    found = compare(first, second, folds)
    # By hand: differences of photos that lie in one fold, of 4 x 3 networks.
    values = first.astype(float) - second
    networks = np.array([values[folds == fold].mean(axis=0) for fold in range(4)])
    between = networks.var(axis=1, ddof=1).mean()
    # Photos and the rest vary by some 0.5 / 400 besides.
    expected = between * (1 / 12 + 1 / 3)
    half = (found.high - found.low) / 2
    assert half > stats.norm.ppf(0.975) * np.sqrt(expected)
    assert half < stats.t.ppf(0.975, 2) * np.sqrt(expected + 0.5 / 400)


def test_photos_and_runs_of_both_must_be_the_same() -> None:
    with pytest.raises(ValueError, match=r"\(3, 2\) and \(3, 1\)"):
        compare(np.ones((3, 2), bool), np.ones((3, 1), bool))


def power(photos: int, difference: float, discordant: float) -> float:
    """How often McNemar's test without continuity correction finds it: the sum over all tables."""
    share = (discordant + difference) / 2 / discordant
    found = 0.0
    for many in range(1, photos + 1):
        wins = np.arange(many + 1)
        called = (2 * wins - many) ** 2 / many > stats.chi2.ppf(0.95, 1)
        found += stats.binom.pmf(many, photos, discordant) * stats.binom.pmf(wins, many, share)[called].sum()
    return float(found)


@pytest.mark.parametrize(("difference", "discordant"), [(0.1, 0.2), (0.2, 0.4), (0.15, 0.2)])
def test_so_many_photos_tell_it_four_times_in_five(difference: float, discordant: float) -> None:
    assert power(photos_needed(difference, discordant), difference, discordant) == pytest.approx(
        0.8, abs=0.05
    )


@given(st.floats(0.01, 1), st.floats(0, 1))
def test_a_smaller_difference_needs_more_photos(discordant: float, part: float) -> None:
    difference = max(0.001, part * discordant)
    smaller, needed = (photos_needed(one, discordant) for one in (difference / 2, difference))
    assert smaller >= needed >= 1
    assert photos_needed(-difference, discordant) == needed


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_holm_is_that_of_statsmodels(ps: list[float]) -> None:
    assert holm(ps) == pytest.approx(multipletests(ps, method="holm")[1], rel=1e-12)


def test_holms_published_correction() -> None:
    # Each p by the number of those not yet rejected, never below the one before: Holm (1979).
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.6, 0.7]) == [1, 1]
