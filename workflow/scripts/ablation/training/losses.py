"""What is made of a network's outputs: the loss that trains it, and the figures of an epoch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ablation.running.errors import UserError


def to_train(
    logits: Tensor, targets: Tensor, label_smoothing: float, weights: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Return the sum of the losses of a batch, N x classes, and how many photos it hit, both on its device.

    `targets` are int64 labels, or float32 N x classes: the shares of classes in mixed photos, where a hit is
    the class with the largest. `weights` are factors of the classes' losses; a mean over photos is the sum
    divided by N, and not by the sum of weights.
    """
    loss = functional.cross_entropy(
        logits.float(), targets, weights, reduction="sum", label_smoothing=label_smoothing
    )
    labels = targets if targets.ndim == 1 else targets.argmax(1)
    return loss, (logits.argmax(1) == labels).sum()


def losses_and_hits(outputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return each photo's cross-entropy and whether the highest output is its class, both float64."""
    losses = functional.cross_entropy(outputs.double(), labels, reduction="none")
    return losses, (outputs.argmax(1) == labels).double()


def epoch_average(losses: Tensor, batch_size: int, photos: int) -> float:
    """Return the average over an epoch's photos of the average losses of its batches."""
    sizes = torch.tensor([min(batch_size, photos - first) for first in range(0, photos, batch_size)])
    return float((losses.double().cpu() * sizes).sum() / photos)


def require_finite(losses: Tensor, where: str, size: int = 1) -> None:
    """Raise UserError if a loss is not finite, naming the batch: `size` losses each."""
    wrong = (~losses.isfinite()).nonzero()
    if len(wrong):
        raise UserError(
            f"the loss is not finite in {where} {int(wrong[0]) // size + 1}: "
            "lower the learning rate or use precision fp32"
        )
