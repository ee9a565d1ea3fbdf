"""What the figures of one run are drawn from, each file read once."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ablation.running.errors import UserError

if TYPE_CHECKING:
    from ablation.photos.pack import Index, Pack

# What is drawn of an epoch.
MEASURES = ("epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy")


@dataclass(frozen=True)
class Guess:
    """A validation photo as predictions.csv has it: what it shows, what it is taken for, how confidently."""

    file: str
    true: str
    predicted: str
    probability: float

    @property
    def right(self) -> bool:
        """Whether it is taken for what it is."""
        return self.true == self.predicted


@dataclass(frozen=True)
class Evaluated:
    """A run that was evaluated: the folder of its results, and that of the packed photos."""

    run: Path
    pack: Path

    @property
    def name(self) -> str:
        """What a picture of it is called."""
        return f"{self.run.parent.name}, {self.run.name}"

    @cached_property
    def epochs(self) -> list[dict[str, float]]:
        """The `MEASURES` of each epoch; raises UserError if the history is damaged."""
        path = self.run / "history.csv"
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = [
                    {key: float(row[key]) for key in MEASURES} for row in csv.DictReader(file, strict=True)
                ]
            if not rows:
                raise ValueError("no epoch")
            return rows
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise UserError(f"{path} is damaged ({error}): delete {self.run} and run again") from error

    @cached_property
    def guesses(self) -> Sequence[Guess]:
        """All validation photos, in the pack's order."""
        with (self.run / "predictions.csv").open(encoding="utf-8", newline="") as file:
            return [
                Guess(row["file"], row["true"], row["predicted"], float(row["probability"]))
                for row in csv.DictReader(file)
            ]

    @cached_property
    def index(self) -> Index:
        """What is known of the photos, without them."""
        from ablation.photos.pack import load_index

        return load_index(self.pack)

    @cached_property
    def packed(self) -> Pack:
        """The photos too."""
        from ablation.photos.pack import load

        return load(self.pack)
