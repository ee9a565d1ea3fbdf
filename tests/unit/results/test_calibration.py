"""Temperatures against scipy's minimiser, errors and thresholds against other ways to count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import optimize, special, stats
from sklearn.metrics import log_loss

from ablation.results import calibration
from ablation.results.calibration import HIGHEST, LOWEST, Calibration

OUTPUTS = hnp.arrays(
    np.float32, st.tuples(st.integers(2, 30), st.just(3)), elements=st.floats(-30, 30, width=32)
)


def loss(outputs: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    logarithms = special.log_softmax(outputs.astype(np.float64) / temperature, 1)
    return float(-logarithms[np.arange(len(labels)), labels].mean())


def is_inside(confidence: float) -> bool:
    """Ends of bins are in the bin below here, and in the one above in scipy's."""
    return abs(confidence * 15 - round(confidence * 15)) > 1e-9


def noisy(seed: int, photos: int, sharp: float) -> tuple[np.ndarray, np.ndarray]:
    """Outputs that are `sharp` times as sure as they should be: labels are drawn by their probabilities."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(0, 2, (photos, 5))
    labels = np.array([rng.choice(5, p=row) for row in special.softmax(honest, 1)])
    return (honest * sharp).astype(np.float32), labels


@settings(max_examples=60, deadline=None)
@given(OUTPUTS, st.integers(0, 2**32 - 1))
def test_no_temperature_has_a_lower_cross_entropy(outputs: np.ndarray, seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, 3, len(outputs))
    assume(not (outputs[np.arange(len(labels)), labels] == outputs.max(1)).all())
    found = calibration.temperature(outputs, labels)
    assert LOWEST <= found <= HIGHEST
    best = optimize.minimize_scalar(
        lambda logarithm: loss(outputs, labels, np.exp(logarithm)),
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert loss(outputs, labels, found) <= best.fun + 1e-9 * (1 + abs(best.fun))


@pytest.mark.parametrize("sharp", [0.3, 1.0, 4.0])
def test_a_temperature_finds_how_sure_to_be(sharp: float) -> None:
    outputs, labels = noisy(0, 4000, sharp)
    found = Calibration.of(outputs, labels)
    assert found.temperature == pytest.approx(sharp, rel=0.08)
    assert found.calibrated_ece < 0.03
    if sharp != 1:
        assert found.ece > 3 * found.calibrated_ece
    grid = np.geomspace(LOWEST, HIGHEST, 4001)
    losses = [log_loss(labels, special.softmax(outputs.astype(np.float64) / one, 1)) for one in grid[::20]]
    assert found.temperature == pytest.approx(grid[::20][int(np.argmin(losses))], rel=0.04)
    assert found.photos == 4000


def test_where_all_are_right_nothing_says_how_sure_to_be() -> None:
    outputs, labels = np.eye(3, dtype=np.float32), np.arange(3)
    assert calibration.temperature(outputs, labels) == 1.0
    assert calibration.temperature(outputs, (labels + 1) % 3) == pytest.approx(HIGHEST)


@settings(max_examples=60, deadline=None)
@given(OUTPUTS, st.floats(0.05, 20))
def test_probabilities_are_scipys(outputs: np.ndarray, temperature: float) -> None:
    expected = special.softmax(outputs.astype(np.float64) / temperature, 1)
    np.testing.assert_allclose(calibration.probabilities(outputs, temperature), expected, rtol=1e-12)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.001, 0.999).filter(lambda x: abs(x * 15 - round(x * 15)) > 1e-9), st.booleans()
        ),
        min_size=1,
    )
)
def test_the_expected_calibration_error_is_that_of_scipys_bins(pairs: list[tuple[float, bool]]) -> None:
    confidences, hits = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    edges = np.linspace(0, 1, 16)
    means, _, number = stats.binned_statistic(confidences, [confidences, hits], "mean", edges)
    counts = np.bincount(number - 1, minlength=15)
    expected = np.nansum(counts * np.abs(means[0] - means[1])) / len(pairs)
    assert calibration.expected_calibration_error(confidences, hits) == pytest.approx(expected, abs=1e-12)


def test_bins_have_their_upper_ends() -> None:
    one = np.array([0.0, 1.0])
    assert calibration.expected_calibration_error(one, np.array([False, True])) == 0
    # 1/15 is in the first bin, with 0: together they are right half of the time.
    pair = np.array([0.0, 1 / 15])
    found = calibration.expected_calibration_error(pair, np.array([False, True]))
    assert found == pytest.approx(0.5 - 1 / 30)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.3, 0.5, 0.7, 0.8, 0.9, 1.0]), st.booleans()), min_size=1),
    st.floats(0.01, 1),
)
def test_a_threshold_is_the_lowest_that_is_enough(pairs: list[tuple[float, bool]], accuracy: float) -> None:
    confidences, hits = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    enough = [one for one in set(confidences.tolist()) if hits[confidences >= one].mean() >= accuracy]
    found = calibration.threshold(confidences, hits, accuracy)
    kept = confidences >= found.confidence
    assert found.kept == kept.sum()
    assert found.photos == len(pairs)
    if enough:
        assert found.confidence == min(enough)
        assert found.reached == pytest.approx(hits[kept].mean())
    else:
        assert found.reached is None
        assert not kept.any()
