"""Which experiment of a study is used for new photos: the one that its summary ranks first.

Standard library only: the Snakefile imports this.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from ablation.running.errors import UserError


@dataclass(frozen=True)
class Winner:
    """An experiment with the highest `accuracy` (0..1, by which a study judges) of `among` that have one.

    `ties` are those behind it in the summary that have the same.
    """

    experiment: str
    accuracy: float
    among: int
    ties: tuple[str, ...]

    def __str__(self) -> str:
        said = f"{self.experiment} has the highest accuracy of {self.among} experiments"
        if self.among == 1:
            said = f"{self.experiment} is the one experiment that finished"
        others = f"; the first of several: {', '.join(self.ties)} too" if self.ties else ""
        return f"{said} ({self.accuracy:.4f}{others})"


def winner(summary: Path) -> Winner:
    """Return the experiment of a summary.csv with the highest `accuracy`, of ties the first.

    Where the manifest was deleted it is `val_accuracy`. Raises UserError where none finished, or the table is
    damaged.
    """
    try:
        with summary.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        by = "accuracy" if any(row["accuracy"] for row in rows) else "val_accuracy"
        found = [(row["experiment"], float(row[by])) for row in rows if row[by]]
        if not all(name and isfinite(accuracy) for name, accuracy in found):
            raise ValueError("an experiment without a name, or an accuracy that is no number")
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise UserError(f"{summary} is damaged ({error}): delete it and run again") from error
    if not found:
        raise UserError(
            f"{summary} has no experiment that finished, and so no winner: mend what its column `reason` "
            "names, or name an experiment, --config model=NAME"
        )
    highest = max(accuracy for _, accuracy in found)
    first, *ties = [name for name, accuracy in found if accuracy == highest]
    return Winner(first, highest, len(found), tuple(ties))
