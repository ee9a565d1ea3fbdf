"""The heads: how a pretrained network gets outputs for the user's classes.

To add one, write a function that changes the network in place and add a line to `HEADS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from ablation.running.errors import UserError
from ablation.running.plugins import Table

# What torchvision calls the part of a network that ends in the layer of the classes.
LAST_PARTS = ("fc", "classifier", "head", "heads")


def replace_last_layer(net: Any, classes: int) -> None:
    """Put a fresh linear layer in place of the last of the classifier (AlexNet, VGG)."""
    net.classifier[-1] = nn.Linear(net.classifier[-1].in_features, classes)


def extend_fc(net: Any, classes: int) -> None:
    """Keep the pretrained 1000-way `fc` and add ReLU and a fresh linear layer behind it."""
    net.fc = nn.Sequential(net.fc, nn.ReLU(), nn.Linear(net.fc.out_features, classes))


def linear(net: Any, classes: int) -> None:
    """Put a fresh layer in place of the last one, wherever the network's family has it."""
    if hasattr(net, "reset_classifier"):  # timm's
        net.reset_classifier(classes)
        return
    found = [
        (name, layer)
        for name, layer in net.named_modules()
        if name.split(".")[0] in LAST_PARTS and isinstance(layer, (nn.Linear, nn.Conv2d))
    ]
    if not found:
        parts = ", ".join(LAST_PARTS)
        raise UserError(
            f"{type(net).__name__} has no last layer that is found: call it, or its part, one of {parts}"
        )
    name, last = found[-1]
    fresh: nn.Module
    if isinstance(last, nn.Linear):
        fresh = nn.Linear(last.in_features, classes)
    else:  # SqueezeNet averages over the photo only after it
        fresh = nn.Conv2d(last.in_channels, classes, kernel_size=1)
    part, _, last_name = name.rpartition(".")
    setattr(net.get_submodule(part), last_name, fresh)


HEADS: Mapping[str, Callable[[Any, int], None]] = Table(
    "HEADS",
    {
        "replace_last_layer": replace_last_layer,
        "extend_fc": extend_fc,
        "linear": linear,
    },
)
