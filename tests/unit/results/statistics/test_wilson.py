"""The interval of an accuracy against scipy."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from ablation.results.statistics.wilson import wilson_interval


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 5000).flatmap(lambda photos: st.tuples(st.integers(0, photos), st.just(photos))))
@example((0, 1))
@example((1, 1))
@example((0, 657))
@example((657, 657))
@example((362, 657))
def test_equals_scipys(counts: tuple[int, int]) -> None:
    hits, photos = counts
    expected = stats.binomtest(hits, photos).proportion_ci(0.95, method="wilson")
    low, high = wilson_interval(hits, photos)
    assert (low, high) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-12)
    assert 0 <= low <= hits / photos + 1e-12
    assert hits / photos - 1e-12 <= high <= 1


def test_hits_may_be_an_average_over_seeds() -> None:
    between = wilson_interval(4.5, 10)
    assert wilson_interval(4, 10) < between < wilson_interval(5, 10)


def test_more_photos_are_surer() -> None:
    widths = [high - low for low, high in (wilson_interval(photos / 2, photos) for photos in (4, 40, 400))]
    assert widths == sorted(widths, reverse=True)
