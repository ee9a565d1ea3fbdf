"""What one training is: every value that can change its result, and nothing else.

Standard library only, so that the Snakefile can build specs and any machine can read them.
Names, labels, captions and paths are deliberately absent: changing them must not retrain.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any


def run_name(seed: int, fold: int | None) -> str:
    """Return the name of a run's folder in that of its experiment; `fold` is 0 or None without folds."""
    return f"seed{seed}-fold{fold}" if fold else f"seed{seed}"


@dataclass(frozen=True)
class Optimizer:
    """An optimizer and its values."""

    algorithm: str
    """`sgd` or `adamw`."""
    learning_rate: float
    """The highest of the schedule."""
    momentum: float
    """Read by `sgd` only."""
    weight_decay: float
    """Of all parameters."""
    schedule: str
    """`constant`, `one_cycle` (Smith and Topin 2018: up to the learning rate for a quarter of the steps, then
    to zero), `cosine` (Loshchilov and Hutter 2017, one period) or `step`."""
    warmup_epochs: float = 0.0
    """In which all but `one_cycle` rise first."""
    step_epochs: int = 0
    """Epochs between the drops of `step`; 0 for the others."""
    step_factor: float = 0.1
    """What each of them multiplies the rate by."""
    backbone_learning_rate: float | None = None
    """The rate of all but the head; null: the same."""
    layer_decay: float = 1.0
    """What that is multiplied by for each group of layers below the head."""


@dataclass(frozen=True)
class Spec:
    """One training run."""

    backbone: str
    """The network."""
    architecture: str
    """The edit of it, or `original`."""
    augmentation: tuple[tuple[str, dict[str, Any]], ...]
    """Transforms, each a name and all its parameters, applied in order."""
    optimizer: Optimizer
    """The optimizer with all its values."""
    weights: str
    """The name of the starting weights' source."""
    image_size: int
    """The side of the square photos in pixels."""
    batch_size: int
    """Photos in a step."""
    epochs: int
    """The most it trains."""
    patience: int
    """Epochs without a lower validation loss before it stops."""
    precision: str
    """`auto`, `fp32` or `bf16`."""
    seed: int
    """Of fresh weights, the order of the photos and their augmentation."""
    gpus: int = 1
    """How many processes train together; changes how sums are rounded."""
    threads: int = 1
    """With how many CPU threads each computes, on however many cores; changes how sums are rounded."""
    trains: str = "all"
    """`all`, `head` or `head_then_all`."""
    head_epochs: int = 0
    """The first epochs of `head_then_all`, which train the head alone; 0 for the others."""
    resize: str = "squash"
    """How photos were made square: `squash`, `crop` or `pad`."""
    interpolation: str = "bilinear"
    """The filter that did it."""
    head: str = "report"
    """`report`, which the report gave the backbone, or `linear`, a fresh last layer in place of the
    network's."""
    label_smoothing: float = 0.0
    """The part of a label that all classes share."""
    mixup: float = 0.0
    """The alpha of Beta(alpha, alpha), by which photos of a batch are mixed; 0 is off."""
    cutmix: float = 0.0
    """The alpha by which boxes of them are exchanged; 0 is off."""
    ema_decay: float = 0.0
    """The decay of an average of the weights; 0 is off."""
    balance: str = "none"
    """What is done about classes of unlike sizes: `none`, `weights` of the loss, or `sampling`."""
    batch_norm: str = "trained"
    """`trained`, by the statistics of each batch, or `frozen`: those of the starting weights stay."""

    folds: int = 0
    """In so many parts photos take turns to validate; 0: the pack says which validate."""
    fold: int = 0
    """Which of them validates, from 1; 0 without folds."""
    split_seed: int = 0
    """Draws the folds; 0 without."""

    def to_json(self) -> str:
        """Return canonical JSON: one line, sorted keys, so that equal specs are equal strings."""
        return json.dumps(vars(self), default=vars, sort_keys=True, separators=(",", ":"))

    def without_seed(self) -> str:
        """Return what runs that differ in their seeds and folds alone have in common."""
        return replace(self, seed=0, fold=0).to_json()

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        fields["optimizer"] = Optimizer(**fields["optimizer"])
        fields["augmentation"] = tuple((name, parameters) for name, parameters in fields["augmentation"])
        return cls(**fields)
