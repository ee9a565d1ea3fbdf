"""What a trained network makes of each validation photo."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from ablation.photos.pack import Index
from ablation.results import outputs
from ablation.running.errors import UserError
from ablation.running.files import atomic


@dataclass(frozen=True)
class Prediction:
    """A validation photo: a row of predictions.csv."""

    file: str
    """The photo's path, as the manifest's `file`."""
    true: str
    """Its class."""
    predicted: str
    """The class with the highest output, the first of ties."""
    probability: float
    """The softmax of the network's outputs at the predicted class, 0 to 1."""
    loss: float
    """The cross-entropy at the true class, in nats."""


def of(run: Path, pack: Index) -> list[Prediction]:
    """Return what a run predicts of each validation photo, in the pack's order.

    Raises UserError if the run's outputs are not readable, or of other photos or classes than the pack's.
    """
    path, validation = run / outputs.FILE, np.flatnonzero(pack.validating)
    found = outputs.read(path)
    if found.shape != (len(validation), len(pack.categories)):
        raise UserError(f"{path} is of other photos than the pack: delete {run} and run again")
    true, chosen, each = pack.labels[validation], found.argmax(1), np.arange(len(found))
    wide = found.astype(np.float64)
    wide -= wide.max(1, keepdims=True)
    logarithms = wide - np.log(np.exp(wide).sum(1, keepdims=True))
    return [
        Prediction(pack.files[photo], pack.categories[label], pack.categories[guess], probability, loss)
        for photo, label, guess, probability, loss in zip(
            validation,
            true,
            chosen,
            np.exp(logarithms[each, chosen]).tolist(),
            (-logarithms[each, true]).tolist(),
            strict=True,
        )
    ]


def write(predictions: list[Prediction], path: Path) -> None:
    """Write one row a photo."""
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [column.name for column in fields(Prediction)])
        writer.writeheader()
        writer.writerows(asdict(one) for one in predictions)
