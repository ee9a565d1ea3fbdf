"""Which experiment of a summary is used."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.results.winner import winner
from ablation.running.errors import UserError


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        head = ("experiment", "accuracy", "val_accuracy")
        csv.writer(file).writerows([head, *((*row, "") for row in rows)])
    return path


@given(st.lists(st.none() | st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(0, 1), min_size=1))
def test_it_is_the_first_of_the_highest(accuracies: list[float | None]) -> None:
    """As pandas finds it; failed ones have no accuracy."""
    with tempfile.TemporaryDirectory() as folder:
        names = [f"e{number}" for number in range(len(accuracies))]
        cells = ["" if one is None else repr(one) for one in accuracies]
        path = write(Path(folder, "summary.csv"), list(zip(names, cells, strict=True)))
        column = pd.read_csv(path).set_index("experiment")["accuracy"]
        if column.isna().all():
            with pytest.raises(UserError, match="no experiment that finished"):
                winner(path)
            return
        found = winner(path)
    assert found.experiment == column.idxmax()
    assert found.accuracy == column.max()
    assert found.among == column.count()
    assert [found.experiment, *found.ties] == list(column.index[column == column.max()])


def test_ties_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "summary.csv", [("a", "0.5"), ("b", "0.75"), ("c", "0.75"), ("d", "")])
    told = "b has the highest accuracy of 3 experiments (0.7500; the first of several: c too)"
    assert str(winner(path)) == told
    assert (
        str(winner(write(path, [("a", "0.5"), ("b", "")])))
        == "a is the one experiment that finished (0.5000)"
    )


@pytest.mark.parametrize(
    "text", ["", "experiment\na\n", "experiment,accuracy,val_accuracy\na,high,\n", "\udcff", None]
)
def test_a_damaged_summary_is_told_in_one_line(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "summary.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(UserError) as caught:
        winner(path)
    assert "\n" not in str(caught.value)
