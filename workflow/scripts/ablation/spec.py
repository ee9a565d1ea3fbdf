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

    `algorithm` is "sgd" or "adamw"; `momentum` is read by SGD only. `schedule` is "constant", "one_cycle"
    (Smith and Topin 2018: up to the learning rate for a quarter of the steps, then to zero), "cosine"
    (Loshchilov and Hutter 2017, one period) or "step": times `step_factor` after every `step_epochs` epochs.
    All but "one_cycle" rise first, for `warmup_epochs`. `backbone_learning_rate` is that of all but the head
    (None: the same), and `layer_decay` what it is multiplied by for each group of layers below the head.
    """

    algorithm: str
    learning_rate: float
    momentum: float
    weight_decay: float
    schedule: str
    warmup_epochs: float = 0.0
    step_epochs: int = 0
    step_factor: float = 0.1
    backbone_learning_rate: float | None = None
    layer_decay: float = 1.0


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

    `label_smoothing` is the part of a label that all classes share; `mixup` and `cutmix` are the alpha of
    Beta(alpha, alpha), by which photos of a batch are mixed, and `ema_decay` the decay of an average of the
    weights: 0 is off. `balance` is what is done about classes of unlike sizes: "none", "weights" of the loss,
    or "sampling". `batch_norm` is "trained", by the statistics of each batch, or "frozen": those of the
    starting weights stay.
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
    label_smoothing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    ema_decay: float = 0.0
    balance: str = "none"
    batch_norm: str = "trained"

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
