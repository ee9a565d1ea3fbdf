"""Every photo validates once, in folds that are alike, and none of the test set does."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from ablation.photos import folds
from ablation.photos.pack import Index
from ablation.running.errors import UserError

CLASSES = [f"class {number}" for number in range(12)]


@st.composite
def labelled(draw: st.DrawFn) -> tuple[np.ndarray, int]:
    """Labels of classes of two photos and more, and how many folds."""
    sizes = draw(st.lists(st.integers(2, 12), min_size=2, max_size=len(CLASSES)))
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return labels, draw(st.integers(2, min(10, len(labels))))


@given(labelled(), st.integers(0, 3))
def test_folds_are_stratified(given_: tuple[np.ndarray, int], seed: int) -> None:
    labels, count = given_
    found = folds.of(labels, CLASSES, count, seed)
    assert set(found.tolist()) == set(range(1, count + 1))
    sizes = np.bincount(found)[1:]
    assert np.ptp(sizes) <= 1
    for label in np.unique(labels):
        assert np.ptp(np.bincount(found[labels == label], minlength=count + 1)[1:]) <= 1


@pytest.mark.filterwarnings("ignore:The least populated class")
@given(labelled())
def test_folds_are_as_large_as_scikit_learns(given_: tuple[np.ndarray, int]) -> None:
    labels, count = given_
    if np.bincount(labels).max() < count:
        return  # which it refuses
    theirs = [len(val) for _, val in StratifiedKFold(count).split(labels, labels)]
    assert sorted(np.bincount(folds.of(labels, CLASSES, count, 0))[1:]) == sorted(theirs)


def test_another_seed_draws_other_folds() -> None:
    labels = np.repeat(np.arange(4), 10)
    first, second = (folds.of(labels, CLASSES, 5, seed) for seed in (0, 1))
    assert (first != second).any()
    np.testing.assert_array_equal(first, folds.of(labels, CLASSES, 5, 0))


def test_more_folds_than_photos_are_refused() -> None:
    with pytest.raises(UserError, match=r"split\.folds is 5, and there are 4 photos: write fewer folds"):
        folds.of(np.array([0, 0, 1, 1]), CLASSES, 5, 0)


@given(labelled(), st.randoms(use_true_random=False))
def test_each_photo_validates_once_and_none_of_the_test_set(
    given_: tuple[np.ndarray, int], chance: Random
) -> None:
    labels, count = given_
    test = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        if (labels == label).sum() > 2 and chance.random() < 0.5:
            test[np.flatnonzero(labels == label)[0]] = True
    count = min(count, int((~test).sum()))
    names = [str(number) for number in range(len(labels))]
    index = Index(labels, ~test, names, CLASSES[: labels.max() + 1], test=test if test.any() else None)
    each = [folds.applied(index, count, fold, 0) for fold in range(1, count + 1)]
    validated = np.sum([one.validating for one in each], axis=0)
    np.testing.assert_array_equal(validated, (~test).astype(int))
    for one in each:
        assert not (one.training & one.validating).any()
        assert not ((one.training | one.validating) & test).any()
        # Each class trains in each fold.
        assert set(labels[one.training]) == set(labels)


def test_without_folds_a_pack_is_as_it_was() -> None:
    index = Index(np.array([0, 0, 1, 1]), np.array([True, False] * 2), list("abcd"), CLASSES[:2])
    assert folds.applied(index, 0, 0, 0) is index
