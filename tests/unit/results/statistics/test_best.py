"""Which may be the best, and how good the chosen one is."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from ablation.results.statistics import best

TABLES = st.tuples(st.integers(1, 5), st.integers(2, 20), st.integers(1, 4)).flatmap(
    lambda shape: arrays(bool, shape)
)


def table(hits: list[int], photos: int) -> np.ndarray:
    """One run of each experiment, right of its first photos."""
    return np.array([np.arange(photos) < one for one in hits])[..., None]


@given(TABLES)
def test_the_one_with_the_highest_accuracy_may_be_the_best(right: np.ndarray) -> None:
    left = best.could_be_best(right)
    assert left[right.mean(axis=(1, 2)).argmax()]
    assert [not best.beaten(right, one) for one in range(len(right))] == left.tolist()


@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_experiments_says_nothing(right: np.ndarray, random: Random) -> None:
    order = list(range(len(right)))
    random.shuffle(order)
    assert best.could_be_best(right[order]).tolist() == best.could_be_best(right)[order].tolist()


@pytest.mark.parametrize("behind", range(4, 12))
def test_one_run_is_out_by_the_binomial_test_of_photos_at_a_part_of_5_percent(behind: int) -> None:
    right = table([40, 40 - behind, 10], 50)
    out = stats.binomtest(behind, behind, alternative="greater").pvalue <= 0.05 / 2
    assert best.could_be_best(right).tolist() == [True, not out, False]


def test_few_runs_that_differ_leave_all_in() -> None:
    right = np.zeros((2, 600, 2), bool)
    right[0, :500, 0] = right[0, :300, 1] = right[1, :350] = True
    assert best.could_be_best(right).all()


def test_one_experiment_is_the_best() -> None:
    right = table([3], 9)
    drawn = best.resamples(9, np.random.default_rng(0))
    assert best.could_be_best(right).tolist() == [True]
    assert best.probabilities(right, drawn, np.random.default_rng(0)).tolist() == [1]


def test_each_photo_is_drawn_as_often_as_another() -> None:
    drawn = best.resamples(30, np.random.default_rng(1), count=20_000)
    assert (drawn.sum(axis=1) == 30).all()
    assert drawn.mean(axis=0) == pytest.approx(np.ones(30), abs=0.04)


@given(TABLES)
def test_probabilities_are_shares_and_equal_for_equals(right: np.ndarray) -> None:
    both = np.concatenate([right, right[:1]])[:, :, :1]
    drawn = best.resamples(right.shape[1], np.random.default_rng(2), count=50)
    found = best.probabilities(both, drawn, np.random.default_rng(3))
    assert found.sum() == pytest.approx(1)
    assert found[0] == found[-1]


def test_the_probability_of_one_run_is_that_of_discordant_photos() -> None:
    # The first is ahead on 6 photos and behind on 3, drawn with replacement from 50.
    right = np.zeros((2, 50, 1), bool)
    right[0, :6] = right[1, 6:9] = True
    wins, losses = np.meshgrid(np.arange(51), np.arange(51), indexing="ij")
    rest = np.maximum(50 - wins - losses, 0)
    chance = stats.multinomial.pmf(np.stack([wins, losses, rest], axis=-1), 50, [6 / 50, 3 / 50, 41 / 50])
    chance = np.where(wins + losses <= 50, chance, 0)
    expected = chance[wins > losses].sum() + chance[wins == losses].sum() / 2
    drawn = best.resamples(50, np.random.default_rng(4), count=20_000)
    found = best.probabilities(right, drawn, np.random.default_rng(5))
    assert found[0] == pytest.approx(expected, abs=0.015)


def by_hand(right: np.ndarray, drawn: np.ndarray) -> list[float]:
    """BBC-CV as the paper's algorithm says it, one resample after the other."""
    scores = []
    for counts in drawn:
        inside = np.repeat(np.arange(len(counts)), counts.astype(int))
        outside = np.flatnonzero(counts == 0)
        if len(outside):
            chosen = right[:, inside, 0].mean(axis=1).argmax()
            scores.append(float(right[chosen, outside, 0].mean()))
    return scores


def test_the_correction_is_the_papers_algorithm() -> None:
    # 37 photos and experiments of different sums, so that ties are few and are left out.
    right = np.random.default_rng(6).random((4, 37, 1)) < np.array([0.3, 0.5, 0.6, 0.7])[:, None, None]
    drawn = best.resamples(37, np.random.default_rng(7), count=400)
    sums = np.sort(drawn @ right[..., 0].T, axis=1)
    drawn = drawn[sums[:, -1] > sums[:, -2]]
    scores = by_hand(right, drawn)
    found = best.corrected(right, drawn, np.random.default_rng(8))
    assert found.accuracy == pytest.approx(np.mean(scores), rel=1e-12)
    assert (found.low, found.high) == pytest.approx(np.percentile(scores, [2.5, 97.5]), rel=1e-12)


def test_choosing_among_equals_is_corrected() -> None:
    generator = np.random.default_rng(9)
    drawn = best.resamples(60, generator, count=200)
    naive, corrected = [], []
    for _ in range(100):
        right = generator.random((10, 60, 1)) < 0.5
        naive.append(right.mean(axis=(1, 2)).max())
        corrected.append(best.corrected(right, drawn, generator).accuracy)
    assert np.mean(naive) > 0.58
    assert np.mean(corrected) == pytest.approx(0.5, abs=0.01)


def test_luck_of_the_runs_is_corrected_too() -> None:
    generator = np.random.default_rng(10)
    drawn = best.resamples(400, generator, count=100)
    naive, corrected = [], []
    for _ in range(60):
        right = generator.random((8, 400, 3)) < generator.uniform(0.4, 0.6, size=(8, 1, 3))
        naive.append(right.mean(axis=(1, 2)).max())
        corrected.append(best.corrected(right, drawn, generator).accuracy)
    assert np.mean(naive) > 0.53
    assert np.mean(corrected) == pytest.approx(0.5, abs=0.015)


def test_the_same_seed_gives_the_same() -> None:
    right = np.random.default_rng(11).random((4, 50, 3)) < 0.5
    found = [
        (best.probabilities(right, drawn, generator).tolist(), best.corrected(right, drawn, generator))
        for generator in (np.random.default_rng(12), np.random.default_rng(12))
        for drawn in [best.resamples(50, generator)]
    ]
    assert found[0] == found[1]


def test_one_photo_cannot_be_left_out() -> None:
    right = table([1, 0], 1)
    drawn = best.resamples(1, np.random.default_rng(0))
    found = best.corrected(right, drawn, np.random.default_rng(0))
    assert np.isnan([found.accuracy, found.low, found.high]).all()
