"""Estimates, claims and verdicts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from ablation.results import claims
from ablation.results.claims import MARGIN, NOT_REPRODUCED, REPRODUCED, UNTOLD, Claim, Estimate, Fact, Open
from ablation.results.statistics.wilson import wilson_interval

# --- estimates -------------------------------------------------------------------------------------


def share(hits: int, photos: int) -> Estimate:
    return Estimate(hits / photos, *wilson_interval(hits, photos))


@settings(max_examples=50)
@given(st.integers(1, 800), st.integers(1, 800), st.data())
def test_the_difference_of_two_accuracies_is_newcombes(n1: int, n2: int, data: st.DataObject) -> None:
    first, second = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    low, high = confint_proportions_2indep(first, n1, second, n2, method="newcomb")
    found = share(first, n1).less(share(second, n2))
    assert found.value == first / n1 - second / n2
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)


def test_what_is_known_makes_nothing_less_sure() -> None:
    accuracy = share(362, 657)
    gap = Estimate.known(0.9439).less(accuracy)
    assert gap.value == pytest.approx(0.9439 - 362 / 657)
    assert (gap.low, gap.high) == pytest.approx((0.9439 - accuracy.high, 0.9439 - accuracy.low))
    both = Estimate.known(0.5).less(Estimate.known(0.25))
    assert (both.value, both.low, both.high, both.two_sided()) == (0.25, 0.25, 0.25, 0.0)
    assert Estimate.known(0.0).two_sided() == 1.0


def test_degrees_of_freedom_are_satterthwaites() -> None:
    """As scipy has them of Welch's test."""
    samples = [0.9, 0.8, 1.0], [0.5, 0.42, 0.61, 0.55, 0.4]
    one, other = (
        Estimate(float(np.mean(values)), *stats.ttest_1samp(values, 0).confidence_interval(), len(values) - 1)
        for values in samples
    )
    assert one.less(other).freedom == pytest.approx(stats.ttest_ind(*samples, equal_var=False).df)
    assert other.less(one).freedom == pytest.approx(one.less(other).freedom)
    assert Estimate.known(0.9).less(other).freedom == pytest.approx(4)
    assert other.less(Estimate(0.2, 0.1, 0.3)).freedom > 4
    assert math.isinf(Estimate.known(0.9).less(Estimate.known(0.1)).freedom)


@settings(max_examples=50)
@given(st.lists(st.floats(-1, 1, width=16), min_size=3, max_size=8))
def test_the_p_of_students_interval_is_that_of_his_test(values: list[float]) -> None:
    """Where an interval is symmetric its p is exact."""
    test = stats.ttest_1samp(values, 0.0) if np.std(values) > 1e-3 else None
    if test is None:
        return
    interval = test.confidence_interval(0.95)
    estimate = Estimate(float(np.mean(values)), interval.low, interval.high, len(values) - 1)
    assert estimate.two_sided() == pytest.approx(test.pvalue, rel=1e-6)


def test_the_p_is_5_percent_where_the_interval_ends_at_0() -> None:
    for freedom in (2.0, 30.0, math.inf):
        assert Estimate(0.3, 0.0, 0.9, freedom).two_sided() == pytest.approx(0.05)
        assert Estimate(-0.3, -0.9, 0.0, freedom).two_sided() == pytest.approx(0.05)
    assert Estimate(1.0, 0.5, 1.5).two_sided() == pytest.approx(2 * stats.norm.sf(2 * 1.959963984540054))
    assert Estimate(0.3, -1.0, 1.0, p=0.001).two_sided() == 0.001


# --- verdicts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "value", "high", "p", "there", "absent"),
    [
        (0.02, 0.1, 0.2, 0.01, REPRODUCED, NOT_REPRODUCED),
        # Holm's p is above that of the interval.
        (0.01, 0.1, 0.2, 0.06, UNTOLD, UNTOLD),
        (-0.1, 0.0, 0.1, 1.0, UNTOLD, UNTOLD),
        (-0.3, -0.2, -0.1, 0.001, NOT_REPRODUCED, REPRODUCED),
        (-0.3, -0.1, 0.06, 0.04, NOT_REPRODUCED, REPRODUCED),
        (-0.04, 0.0, 0.04, 1.0, NOT_REPRODUCED, REPRODUCED),
        # Told, and too small to be worth the name.
        (0.001, 0.02, 0.04, 0.01, NOT_REPRODUCED, REPRODUCED),
        (-0.05, 0.0, MARGIN, 1.0, UNTOLD, UNTOLD),
    ],
)
def test_verdicts(low: float, value: float, high: float, p: float, there: str, absent: str) -> None:
    effect = Estimate(value, low, high)
    assert Claim("", effect).verdict(p) == there
    assert Claim("", effect, absent=True).verdict(p) == absent


def test_a_margin_of_its_own() -> None:
    effect = Estimate(0.1, 0.01, 0.3)
    assert Claim("", effect, margin=0.25).verdict(0.03) == REPRODUCED
    assert Claim("", effect, margin=0.35).verdict(0.03) == NOT_REPRODUCED


def test_another_sign_of_absence_counts_where_the_interval_cannot_tell() -> None:
    wide = Estimate(0.05, -0.05, 0.2)
    assert Claim("", wide, absent=True).verdict(0.3) == UNTOLD
    assert Claim("", wide, absent=True, sign=True).verdict(0.3) == REPRODUCED
    # An accuracy that is told from chance is, whatever the loss.
    assert Claim("", Estimate(0.3, 0.2, 0.4), absent=True, sign=True).verdict(0.001) == NOT_REPRODUCED


def test_a_conclusion_is_all_of_its_parts() -> None:
    told, wide = Claim("a", Estimate(0.3, 0.2, 0.4)), Claim("b", Estimate(0.05, -0.1, 0.2))
    against = Claim("c", Estimate(-0.3, -0.4, -0.2))
    assert claims.judge([told, Fact("d", True)])[0] == REPRODUCED
    assert claims.judge([told, wide])[0] == UNTOLD
    assert claims.judge([told, Open("e")])[0] == UNTOLD
    assert claims.judge([told, wide, Open("e"), against])[0] == NOT_REPRODUCED
    assert claims.judge([told, Fact("d", False)])[0] == NOT_REPRODUCED
    assert claims.judge([told, Open("e"), Open("e")])[1] == "a, p < 0.0001; e"


def test_the_p_are_holms_among_the_claims() -> None:
    """0.03 is told by itself, and is not beside another of 0.04: both become 0.06."""
    one = Claim("a", Estimate(0.1, 0.01, 0.3, p=0.03))
    other = Claim("b", Estimate(0.2, 0.01, 0.3, p=0.04))
    assert claims.judge([one]) == (REPRODUCED, "a, p 0.03")
    assert claims.judge([one, other]) == (UNTOLD, "a, p 0.06; b, p 0.06")
    # What is known has no p, and takes nothing from the others.
    known = Claim("c", Estimate.known(0.4))
    assert claims.judge([one, known]) == (REPRODUCED, "a, p 0.03; c")
