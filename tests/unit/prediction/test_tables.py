"""The tables of predictions: their columns, the best five, and photos that cannot be read."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.prediction import tables
from ablation.prediction.predicting import Broken, Classified
from ablation.results.calibration import Threshold

NAMES = ["a, b", 'the "iris"', "été", "rose", "7", "lily"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_line_for_each_photo(tmp_path: Path) -> None:
    found = [
        Classified("a/1.jpg", np.array([0.05, 0.5, 0.1, 0.2, 0.1, 0.05])),
        Broken("a/2.jpg", "is empty"),
        Classified("b.jpg", np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.5])),
    ]
    path = tmp_path / "deep" / "new.csv"
    threshold = Threshold(0.9, 0.5, 0.95, 9, 10)
    assert tables.write(found, NAMES, path, threshold) == [found[1]]
    first, second = rows(path)
    assert first == {
        **{"file": "a/1.jpg", "class": 'the "iris"', "confidence": "0.500000", "unsure": "no"},
        **{
            "class_1": 'the "iris"',
            "probability_1": "0.500000",
            "class_2": "rose",
            "probability_2": "0.200000",
        },
        **{"class_3": "été", "probability_3": "0.100000", "class_4": "7", "probability_4": "0.100000"},
        **{"class_5": "a, b", "probability_5": "0.050000"},
    }
    assert second["class"] == "lily"
    assert rows(tables.beside(path)) == [{"file": "a/2.jpg", "why": "is empty"}]
    assert tables.beside(path).name == "new-broken.csv"


def test_what_is_below_the_threshold_is_unsure() -> None:
    one = Classified("a", np.array([0.6, 0.4]))
    names = tables.columns(["x", "y"], unsure=True)
    for confidence, expected in ((0.6, "no"), (0.61, "yes"), (np.nextafter(1, 2), "yes")):
        cells = tables.row(one, ["x", "y"], Threshold(0.9, confidence, None, 0, 5))
        assert dict(zip(names, cells, strict=True))["unsure"] == expected


@given(st.lists(st.floats(0, 1), min_size=2, max_size=9))
def test_the_best_come_first_and_of_equal_ones_the_first(values: list[float]) -> None:
    names = [f"class {number}" for number in range(len(values))]
    cells = dict(
        zip(tables.columns(names, False), tables.row(Classified("a", np.array(values)), names), strict=True)
    )
    expected = sorted(range(len(values)), key=lambda place: (-values[place], place))[: tables.BEST]
    assert [cells[f"class_{rank}"] for rank in range(1, len(expected) + 1)] == [names[k] for k in expected]
    assert float(cells["confidence"]) == pytest.approx(max(values), abs=1e-6)
    assert "class_6" not in cells


def test_what_fails_leaves_no_table(tmp_path: Path) -> None:
    def found():
        yield Classified("a", np.array([0.6, 0.4]))
        raise KeyError

    with pytest.raises(KeyError):
        tables.write(found(), ["x", "y"], tmp_path / "new.csv")
    assert list(tmp_path.iterdir()) == []
