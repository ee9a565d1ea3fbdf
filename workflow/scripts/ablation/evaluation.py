"""What a trained network makes of each validation photo."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
from torch import nn

from ablation import training
from ablation.device import place, resolve_precision
from ablation.files import atomic
from ablation.pack import Pack
from ablation.spec import Spec


@dataclass(frozen=True)
class Prediction:
    """One row of predictions.csv.

    `probability` (0..1) is the softmax of the network's output at the predicted class, `loss` the
    cross-entropy in nats at the true one.
    """

    file: str
    true: str
    predicted: str
    probability: float
    loss: float


def predict(net: nn.Module, spec: Spec, pack: Pack, device: torch.device) -> list[Prediction]:
    """Return a prediction for each validation photo, in the pack's order.

    Batches are those of the validation during training, because a softmax over the batch (the report's
    `softmax_output`) makes a photo's output depend on its batch.
    """
    photos = training.Photos.of(pack, training=False, device=device)
    logits = training.predict(
        place(net, device), spec, photos, device, resolve_precision(spec.precision, device)
    )
    losses, _ = training.losses_and_hits(logits, photos.labels)
    # Not the highest probability: outputs that differ can round to equal ones, and training counted these.
    chosen = logits.argmax(1)
    probabilities = logits.softmax(1).gather(1, chosen[:, None])[:, 0]
    files = [file for file, trains in zip(pack.files, pack.training, strict=True) if not trains]
    columns = (photos.labels, chosen, probabilities, losses)
    return [
        Prediction(file, pack.categories[true], pack.categories[guess], probability, loss)
        for file, true, guess, probability, loss in zip(
            files, *(column.tolist() for column in columns), strict=True
        )
    ]


def metrics(predictions: list[Prediction]) -> dict[str, float | int]:
    """Return the averages over photos: cross-entropy and accuracy."""
    hits = sum(one.true == one.predicted for one in predictions)
    return {
        "photos": len(predictions),
        "correct": hits,
        "val_loss": sum(one.loss for one in predictions) / len(predictions),
        "val_accuracy": hits / len(predictions),
    }


def write_predictions(predictions: list[Prediction], path: Path) -> None:
    """Write one row a photo."""
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [column.name for column in fields(Prediction)])
        writer.writeheader()
        writer.writerows(asdict(one) for one in predictions)
