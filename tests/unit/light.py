"""The light backbones as torchvision makes them, with running statistics that were moved."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import torchvision
from states import photos
from torch import Tensor, nn

from ablation.networks.edits import ORIGINAL

LIGHT = ("googlenet", "resnet34")
CLASSES = ["a", "b", "c", "d", "e"]


@lru_cache
def weights(backbone: str) -> dict[str, Tensor]:
    """Return a torchvision state dict whose running statistics were moved by one batch."""
    torch.manual_seed(0)
    net = (
        torchvision.models.get_model(backbone, weights=None, init_weights=False, aux_logits=False)
        if backbone == "googlenet"
        else torchvision.models.get_model(backbone, weights=None)
    )
    with torch.no_grad():
        net.train()(photos())
    return net.state_dict()


def about(backbone: str, architecture: str = ORIGINAL) -> dict[str, Any]:
    return {"backbone": backbone, "architecture": architecture, "classes": CLASSES}


def torchvisions(backbone: str, **options: Any) -> nn.Module:
    """Return torchvision's own network with the weights above."""
    if backbone == "googlenet":
        options = {"aux_logits": False, "transform_input": True, "init_weights": False} | options
    net = torchvision.models.get_model(backbone, weights=None, **options)
    net.load_state_dict(weights(backbone))
    return net.eval()
