"""Metrics of unbalanced classes, beside scikit-learn's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from ablation.results import metrics

# Labels and guesses of the same photos, among few classes, so that some lack photos and some are not guessed.
PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30)


def arrays(pairs: list[tuple[int, int]]) -> tuple[metrics.Labels, metrics.Labels]:
    true, guessed = np.array(pairs, dtype=np.int64).T
    return true, guessed


@example([(0, 0)])  # one photo, right
@example([(0, 3)])  # one photo, wrong, taken for a class without photos
@example([(4, 0), (4, 0)])  # no photos of most classes, and one that is never guessed
@example([(0, 0), (0, 1), (1, 0), (1, 1)])  # ties
@given(PAIRS)
def test_they_are_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    true, guessed = arrays(pairs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of guesses of classes without photos
        balanced = oracle.balanced_accuracy_score(true, guessed)
        f1 = oracle.f1_score(true, guessed, average="macro", zero_division=0)
    assert metrics.accuracy(true, guessed) == oracle.accuracy_score(true, guessed)
    assert metrics.balanced_accuracy(true, guessed) == pytest.approx(balanced, rel=1e-12)
    assert metrics.macro_f1(true, guessed) == pytest.approx(f1, rel=1e-12)


def test_by_hand() -> None:
    """Of 4 photos of class 0 three are right, of 1 of class 2 none, which is taken for 1."""
    true, guessed = arrays([(0, 0), (0, 0), (0, 0), (0, 2), (2, 1)])
    assert metrics.accuracy(true, guessed) == 3 / 5
    assert metrics.balanced_accuracy(true, guessed) == (3 / 4 + 0) / 2
    assert metrics.macro_f1(true, guessed) == pytest.approx((6 / 7 + 0 + 0) / 3)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_guessing_always_the_same_class_is_seen_through(labels: list[int]) -> None:
    true = np.array(labels, dtype=np.int64)
    guessed = np.full_like(true, metrics.commonest(true))
    classes = len(set(labels))
    share = max(labels.count(label) for label in labels) / len(labels)
    assert metrics.accuracy(true, guessed) == share
    assert metrics.balanced_accuracy(true, guessed) == pytest.approx(1 / classes)
    assert metrics.macro_f1(true, guessed) == pytest.approx(2 * share / (1 + share) / classes)


@pytest.mark.parametrize(
    ("labels", "expected"), [([2], 2), ([0, 1, 1], 1), ([3, 1, 3, 1], 1), ([2, 0, 1], 0), ([5, 5, 0], 5)]
)
def test_the_commonest_class_is_the_first_of_ties(labels: list[int], expected: int) -> None:
    assert metrics.commonest(np.array(labels, dtype=np.int64)) == expected
