"""Accuracy per class: the order, the intervals, what is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from ablation.results.figures import classes
from ablation.results.figures.classes import Class
from ablation.results.figures.evaluated import Guess
from ablation.results.statistics.wilson import wilson_interval


def guesses(*counts: tuple[str, int, int]) -> list[Guess]:
    """So many photos of a class that are right and that are wrong."""
    return [
        Guess(f"{name}{k}.jpg", name, name if k < right else "another", 0.5)
        for name, right, wrong in counts
        for k in range(right + wrong)
    ]


def test_the_worst_class_is_first() -> None:
    given = guesses(("a", 2, 1), ("b", 0, 2), ("c", 4, 2), ("d", 0, 5), ("e", 2, 1))
    found = classes.worst_first(given, ["e", "d", "c", "b", "a", "none"])
    # Of ties the class with more photos, then the first by label.
    assert found == [Class("d", 0, 5), Class("b", 0, 2), Class("c", 4, 6), Class("e", 2, 3), Class("a", 2, 3)]


@given(st.integers(1, 500).flatmap(lambda photos: st.tuples(st.integers(0, photos), st.just(photos))))
def test_the_interval_is_wilsons(counts: tuple[int, int]) -> None:
    hits, photos = counts
    expected = proportion_confint(hits, photos, method="wilson")
    assert wilson_interval(hits, photos) == pytest.approx(expected, abs=1e-9)


def test_what_is_left_out_is_said() -> None:
    assert classes.left_out(40, 40) == "accuracy (recall)"
    assert "the 40 worst of 219 classes, 179 better ones left out" in classes.left_out(219, 219)
    assert "2 of 5 classes have no validation photo" in classes.left_out(3, 5)
