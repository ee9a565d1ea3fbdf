"""The heads: how a pretrained network gets outputs for the user's classes.

To add one, write a function that changes the network in place and add a line to `HEADS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn


def replace_last_layer(net: Any, classes: int) -> None:
    """Put a fresh linear layer in place of the last of the classifier (AlexNet, VGG)."""
    net.classifier[-1] = nn.Linear(net.classifier[-1].in_features, classes)


def extend_fc(net: Any, classes: int) -> None:
    """Keep the pretrained 1000-way `fc` and add ReLU and a fresh linear layer behind it."""
    net.fc = nn.Sequential(net.fc, nn.ReLU(), nn.Linear(net.fc.out_features, classes))


HEADS: dict[str, Callable[[Any, int], None]] = {
    "replace_last_layer": replace_last_layer,
    "extend_fc": extend_fc,
}
