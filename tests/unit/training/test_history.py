"""The file of a training's history."""

from __future__ import annotations

import csv
from pathlib import Path

from tiny import CPU, Tiny, photos, spec

from ablation.training import loop
from ablation.training.history import Epoch, write_history


def test_history_round_trips(tmp_path: Path) -> None:
    history = loop.train(Tiny(), spec(), photos(), CPU).history
    write_history(history, tmp_path / "history.csv")
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy"),
        *("train_seconds", "val_seconds"),
    ]
    read = [Epoch(int(row.pop("epoch")), **{key: float(value) for key, value in row.items()}) for row in rows]
    assert read == history
