"""What one training is: every value that can change its result, and nothing else.

Standard library only, so that the Snakefile can build specs and any machine can read them.
Names, labels, captions and paths are deliberately absent: changing them must not retrain.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Optimizer:
    """An optimizer and its values.

    `algorithm` is "sgd" or "adamw"; `momentum` is read by SGD only. `schedule` is "constant" or
    "one_cycle" (Smith and Topin 2018: up to the learning rate for a quarter of the steps, then to zero).
    """

    algorithm: str
    learning_rate: float
    momentum: float
    weight_decay: float
    schedule: str


@dataclass(frozen=True)
class Spec:
    """One training run.

    `augmentation` is a tuple of (transform name, parameters), applied in order; `patience` counts
    epochs without a lower validation loss; `precision` is "auto", "fp32" or "bf16"; `gpus` is how many
    processes train together, and `threads` with how many CPU threads each computes, on however many cores:
    both change how sums are rounded. `trains` is "all", "head" or "head_then_all", whose first `head_epochs`
    train the head alone (0 for the others). `resize` ("squash", "crop" or "pad") and `interpolation` are how
    photos were made square. `head` is "report", which the report gave
    the backbone, or "linear", a fresh last layer in place of the network's.
    """

    backbone: str
    architecture: str
    augmentation: tuple[tuple[str, dict[str, Any]], ...]
    optimizer: Optimizer
    weights: str
    image_size: int
    batch_size: int
    epochs: int
    patience: int
    precision: str
    seed: int
    gpus: int = 1
    threads: int = 1
    trains: str = "all"
    head_epochs: int = 0
    resize: str = "squash"
    interpolation: str = "bilinear"
    head: str = "report"

    def to_json(self) -> str:
        """Return canonical JSON: one line, sorted keys, so that equal specs are equal strings."""
        return json.dumps(vars(self), default=vars, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        fields["optimizer"] = Optimizer(**fields["optimizer"])
        fields["augmentation"] = tuple((name, parameters) for name, parameters in fields["augmentation"])
        return cls(**fields)
