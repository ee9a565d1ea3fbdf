"""What trains: rung 6 of the report's ladder, on a network with random weights."""

from __future__ import annotations

from torch import nn

from ablation.networks import build, edits
from ablation.spec import Optimizer, Spec
from ablation.training import parameters
from sizes import SIZES

AUGMENTATION = ("horizontal_flip", "rotation", "color_jitter", "grayscale", "normalize")
SGD = Optimizer("sgd", 0.001, 0.9, 0.0, "constant")
ADAMW = Optimizer("adamw", 0.001, 0.9, 0.00001, "constant")


def spec(backbone: str, epochs: int) -> Spec:
    """Return the report's recipe for a backbone."""
    return Spec(
        backbone=backbone,
        architecture=edits.ORIGINAL,
        augmentation=tuple((name, parameters.resolve(name, {})) for name in AUGMENTATION),
        optimizer=SGD if backbone == "alexnet" else ADAMW,
        weights="none",
        image_size=SIZES.side,
        batch_size=SIZES.batch,
        epochs=epochs,
        patience=epochs,
        precision="auto",
        seed=0,
    )


def network(backbone: str, classes: int) -> nn.Module:
    """Return a backbone with random weights and a head for so many classes."""
    net = build.untouched(backbone)
    return build.adapt(net, backbone, edits.ORIGINAL, classes, image_size=SIZES.side)
