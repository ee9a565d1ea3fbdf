"""Tables written and read again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ablation.results import tables


def test_names_come_back_as_they_were(tmp_path: Path) -> None:
    """An augmentation may be called none, and an experiment after a learning rate."""
    names = ["none", "null", "nan", "NA", "0.001", "1e-05", "007", "true", "a, b", 'the "best"']
    table = pd.DataFrame({"experiment": names, "augmentation": names, "label": names})
    tables.write(table, tmp_path / "x.csv")
    found = tables.read(tmp_path / "x.csv")
    assert found.to_dict("list") == table.to_dict("list")


def test_numbers_come_back_exactly(tmp_path: Path) -> None:
    numbers = [0.1 + 0.2, 1 / 3, 1e-300, 5e-324, 123456789.123456789, 2.0**53, 0.0]
    table = pd.DataFrame({"value": numbers, "count": [57_000_003] * len(numbers)})
    tables.write(table, tmp_path / "x.csv")
    found = tables.read(tmp_path / "x.csv")
    assert found["value"].tolist() == numbers
    assert found["count"].dtype == "int64"


def test_only_empty_cells_are_missing(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("experiment,published_val_loss\nnone,\nnan,1.5\n")
    found = tables.read(tmp_path / "x.csv")
    assert found["experiment"].tolist() == ["none", "nan"]
    assert found["published_val_loss"].isna().tolist() == [True, False]


def test_a_table_appears_whole(tmp_path: Path) -> None:
    tables.write(pd.DataFrame({"a": [1]}), tmp_path / "new/x.csv")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["x.csv"]
