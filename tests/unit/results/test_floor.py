"""Whether a study's best experiment is told from always guessing the commonest class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from ablation.results import floor, tables


def row(experiment: str, accuracy: float | None, seed: int = 0, **changes: Any) -> dict[str, Any]:
    """What of a row of runs.csv the floor is read from."""
    measured = {"val_photos": 36, "commonest_accuracy": 0.25, "commonest_class": "rose"}
    done = accuracy is not None
    return {
        **{"experiment": experiment, "seed": seed, "val_accuracy": accuracy},
        **(measured if done else dict.fromkeys(measured)),
        **{"ended": "epoch_limit" if done else "failed", **changes},
    }


def best(folder: Path, *rows: dict[str, Any]) -> floor.Best | None:
    tables.write(pd.DataFrame(rows), folder / "runs.csv")
    return floor.best(folder / "runs.csv")


def test_the_best_is_that_of_the_highest_mean(tmp_path: Path) -> None:
    rows = [row("a", 0.2), row("b", 0.6), row("a", 0.9, 1), row("b", 0.4, 1), row("c", 0.5)]
    found = best(tmp_path, *rows)
    assert found is not None
    assert (found.experiment, found.accuracy) == ("a", pytest.approx(0.55))
    assert (found.photos, found.commonest, found.floor, found.failed) == (36, "rose", 0.25, False)


def test_the_first_of_ties_and_without_those_that_failed(tmp_path: Path) -> None:
    found = best(tmp_path, row("z", None), row("b", 0.5), row("b", None, 1), row("a", 0.5))
    assert found is not None
    assert (found.experiment, found.accuracy, found.failed) == ("b", 0.5, True)


LOW = stats.binomtest(18, 36).proportion_ci(0.95, method="wilson").low


@pytest.mark.parametrize(
    ("commonest", "noise"),
    [(0.0, False), (LOW - 1e-6, False), (LOW + 1e-6, True), (0.5, True), (0.6, True), (1.0, True)],
)
def test_it_is_noise_where_scipys_interval_reaches_the_floor(
    tmp_path: Path, commonest: float, noise: bool
) -> None:
    found = best(tmp_path, row("a", 0.5, commonest_accuracy=commonest), row("b", 0.1))
    assert found is not None
    assert found.low == pytest.approx(LOW, rel=1e-9)
    assert found.is_noise is noise


def test_seeds_are_not_more_photos(tmp_path: Path) -> None:
    one, many = best(tmp_path, row("a", 0.5)), best(tmp_path, *(row("a", 0.5, seed) for seed in range(9)))
    assert one == many


def test_an_accuracy_of_nothing_is_noise_also_beside_a_floor_of_nothing(tmp_path: Path) -> None:
    found = best(tmp_path, row("a", 0.0, commonest_accuracy=0.0))
    assert found is not None
    assert found.is_noise


@pytest.mark.parametrize("rows", [[row("a", None)], [row("a", 0.5, commonest_accuracy=None)]])
def test_nothing_to_compare(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    assert best(tmp_path, *rows) is None


@pytest.mark.parametrize("content", [None, b"", b"experiment\na\n", b"\xff\xfe\xfa", b"a,b\n1\n"])
def test_other_tables(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "runs.csv").write_bytes(content)
    assert floor.best(tmp_path / "runs.csv") is None
