"""The simulation of tools/simulate_statistics.py: its small form holds, and the page shows what it wrote."""

from __future__ import annotations

import csv
from dataclasses import fields

import numpy as np
import pytest

from places import ROOT
from simulate_statistics import (
    COLUMNS,
    FEW,
    Case,
    Found,
    cases,
    draw,
    mean_accuracy,
    middle,
    networks,
    row,
    simulate,
    tables,
    true_accuracies,
)

# 400 repetitions of a share of 95% vary by 1.1%, and of 5% as well: three times that beside what is promised.
REPETITIONS = 400
SPREAD = 0.033
# Another seed than the page's, and than those by which the methods were chosen.
SEED = 9
RECORDED = ROOT / "docs/statistics.csv"


def recorded() -> list[dict[str, str]]:
    with RECORDED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("folds", [1, 5])
@pytest.mark.parametrize(
    ("accuracy", "photos", "runs", "deviation"), [(0.6, 36, 1, 0.3), (0.9, 36, 3, 0.0), (0.6, 200, 3, 0.3)]
)
def test_intervals_hold_the_truth_and_tests_their_level(
    accuracy: float, photos: int, runs: int, deviation: float, folds: int
) -> None:
    found = simulate(Case(accuracy, photos, runs, deviation, folds, None), REPETITIONS, SEED)
    assert found.coverage is not None
    assert found.false_positives is not None
    assert 0.925 - SPREAD <= found.coverage <= 0.985 + SPREAD / 2
    assert found.false_positives <= 0.06 + SPREAD


@pytest.mark.parametrize("runs", [1, 3])
def test_the_best_is_kept_and_the_winners_accuracy_corrected(runs: int) -> None:
    found = simulate(Case(0.6, 200, runs, 0.3, 1, 0.0), REPETITIONS, SEED)
    assert found.best_kept is not None
    assert found.kept is not None
    assert found.naive is not None
    assert found.corrected is not None
    assert found.best_kept >= 0.95 - 0.046
    assert 1 <= found.kept <= FEW
    assert found.naive > 0.015
    assert abs(found.corrected) < found.naive / 3


@pytest.mark.parametrize("runs", [1, 3])
def test_what_is_drawn_has_the_true_accuracy(runs: int) -> None:
    case = Case(0.9, 5000, runs, 0.3, 5, None)
    generator = np.random.default_rng(1)
    logits = np.full(2, middle(0.9, 0.3))
    added = networks(case, (100, 2), generator)
    right = draw(case, logits, added, generator)
    truth = true_accuracies(case, logits, added)
    assert right.mean() == pytest.approx(truth.mean(), abs=0.01)
    if runs == 1:
        # Of one run it is each one's own.
        assert np.corrcoef(right.mean(axis=(2, 3)).ravel(), truth.ravel())[0, 1] > 0.5
    else:
        assert truth == pytest.approx(0.9, abs=1e-6)


def test_the_mean_accuracy_is_the_mean_of_draws() -> None:
    normal = np.random.default_rng(2).normal(size=1_000_000)
    expected = (1 / (1 + np.exp(-(1.2 + 2 * normal)))).mean()
    assert mean_accuracy(np.array(1.2), 2.0) == pytest.approx(expected, abs=0.002)


def test_the_page_shows_the_tables_of_the_recorded_cases() -> None:
    assert tables(recorded()) in (ROOT / "docs/statistics.md").read_text(encoding="utf-8")


def test_all_cases_are_recorded() -> None:
    rows = recorded()
    assert list(rows[0]) == COLUMNS
    known = [field.name for field in fields(Case)]
    expected = [{name: row(case, Found())[name] for name in known} for case in cases()]
    assert [{name: one[name] for name in known} for one in rows] == expected


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize("folds", [1, 5])
def test_what_is_recorded_comes_of_this_code(runs: int, folds: int) -> None:
    case = Case(0.9, 36, runs, 0.3, folds, None, experiments=2)
    now = row(case, simulate(case))
    (then,) = (
        one for one in recorded() if all(one[name] == now[name] for name in COLUMNS[: len(fields(Case))])
    )
    # Another processor may round one draw in millions otherwise.
    assert [float(then[name] or 0) for name in COLUMNS] == pytest.approx(
        [float(now[name] or 0) for name in COLUMNS], abs=0.001
    )


def test_what_is_promised_is_recorded() -> None:
    for one in recorded():
        if one["step"] == "":
            assert 0.925 <= float(one["coverage"]) <= 0.985, one
            assert float(one["false_positives"]) <= 0.06, one
        else:
            assert float(one["best_kept"]) >= 0.95, one
