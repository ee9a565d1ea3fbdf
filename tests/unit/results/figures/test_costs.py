"""The frontier of what accuracy costs, and where its axes are marked."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.results.figures import costs

# Few values, so that there are ties.
VALUES = st.sampled_from([1.0, 2.0, 3.0, 5.0, math.nan])


def beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """By the definition: costs no more, is no less accurate, and one of the two strictly."""
    return one[0] <= other[0] and one[1] >= other[1] and one != other


@given(st.lists(st.tuples(VALUES, VALUES), max_size=12))
def test_the_frontier_is_what_none_beats(points: list[tuple[float, float]]) -> None:
    known = {k for k, point in enumerate(points) if not any(map(math.isnan, point))}
    expected = {k for k in known if not any(beats(points[other], points[k]) for other in known)}
    pairs = np.array(points, dtype=float).reshape(-1, 2)
    found = costs.frontier(pairs[:, 0], pairs[:, 1])
    assert set(found) == expected
    assert len(found) == len(expected)
    assert [points[k][0] for k in found] == sorted(points[k][0] for k in found)


def rows(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype=float)


@pytest.mark.parametrize(
    ("host", "device", "words", "expected"),
    [
        ([1, 2], [math.nan] * 2, "energy of a run (processor and memory)", [1, 2]),
        ([1, math.nan], [math.nan] * 2, "energy of a run (processor and memory)", [1, math.nan]),
        ([1, 2], [10, math.nan], "energy of a run (processor and memory and GPU)", [11, math.nan]),
        ([math.nan] * 2, [5, 0], "energy of a run (GPU)", [5, math.nan]),
        ([math.nan] * 2, [math.nan] * 2, "energy of a run", [math.nan] * 2),
    ],
)
def test_energy_is_of_the_same_parts(
    host: list[float], device: list[float], words: str, expected: list[float]
) -> None:
    found = costs.energy(rows(host_joules=host, device_joules=device))
    assert found.words == words
    np.testing.assert_array_equal(found.values, expected)


@given(st.floats(0.01, 1e9), st.floats(1.7, 1e6), st.sampled_from([costs.SCALES, costs.TIMES]))
def test_an_axis_has_a_few_marks(low: float, factor: float, scales: list[list[float]]) -> None:
    found = costs.marks(low, low * factor, scales)
    assert 1 <= len(found) <= 5
    assert all(low * 0.999 <= one <= low * factor * 1.001 for one in found)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (costs.number(21_777), "21.8 k"),
        (costs.number(57_053_004), "57.1 M"),
        (costs.number(5), "5"),
        (costs.duration(59), "59 s"),
        (costs.duration(90), "1.5 min"),
        (costs.duration(7200), "2 h"),
        (costs.duration(200_000), "2.31 d"),
        (costs.joules(999), "999 J"),
        (costs.joules(1.5e6), "1.5 MJ"),
    ],
)
def test_amounts_in_words(told: str, expected: str) -> None:
    assert told == expected
