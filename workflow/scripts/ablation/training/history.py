"""A training's history: a row for each epoch."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ablation.running.files import atomic


@dataclass(frozen=True)
class Epoch:
    """One row of history.csv. Losses are cross-entropies in nats, both averaged over photos."""

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    train_seconds: float
    val_seconds: float


def write_history(history: list[Epoch], path: Path) -> None:
    """Write one row an epoch; numbers in Python's shortest exact form."""
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [column.name for column in fields(Epoch)])
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in history)
