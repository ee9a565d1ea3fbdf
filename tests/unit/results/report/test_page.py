"""How figures are written on the page of a study."""

from __future__ import annotations

import pytest

from ablation.results.report import page


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, page.NOTHING),
        (float("nan"), page.NOTHING),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (60, "1 min 0 s"),
        (245.4, "4 min 5 s"),
        (3599.7, "1 h 0 min"),
        (12_000, "3 h 20 min"),
    ],
)
def test_durations(seconds: float | None, told: str) -> None:
    assert page.duration(seconds) == told


@pytest.mark.parametrize(
    ("p", "told"), [(None, page.NOTHING), (0.375, "0.38"), (0.001, "0.001"), (0.0009, "below 0.001")]
)
def test_ps(p: float | None, told: str) -> None:
    assert page.p_value(p) == told


def test_cells() -> None:
    row = {"accuracy": 0.90196, "accuracy_low": 0.79, "accuracy_high": 0.957, "parameters": 21777.0}
    row |= {"train_seconds": None}
    columns = {column.name: column for column in page.RANKED}
    names = ("accuracy", "interval", "parameters", "train_seconds")
    told = ["0.902", "0.790 to 0.957", "21,777", page.NOTHING]
    assert [page.shown(row, columns[name]) for name in names] == told
    missing = dict.fromkeys(row)
    assert {page.shown(missing, columns[name]) for name in names} == {page.NOTHING}
