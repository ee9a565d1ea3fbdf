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
    """The epoch, from 1."""
    train_loss: float
    """The loss that trained, running over the epoch, with augmentation and dropout; nats."""
    train_accuracy: float
    """The share of training photos that were right, likewise; 0 to 1."""
    val_loss: float
    """The cross-entropy of the validation photos after the epoch, in nats."""
    val_accuracy: float
    """The share of validation photos that are right after the epoch, 0 to 1."""
    train_seconds: float
    """Wall time of training in the epoch."""
    val_seconds: float
    """Wall time of validating in the epoch."""


def write_history(history: list[Epoch], path: Path) -> None:
    """Write one row an epoch; numbers in Python's shortest exact form."""
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [column.name for column in fields(Epoch)])
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in history)
