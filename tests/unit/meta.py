"""Every network for 219 classes, on the meta device, and how many parameters it trains."""

from __future__ import annotations

from functools import lru_cache

import pytest
import torch
from torch import Tensor, nn

from ablation.networks import build
from ablation.networks.edits import ORIGINAL

PARAMETERS = {
    ("alexnet", ORIGINAL): 57_901_083,
    ("alexnet", "fewer_layers"): 46_324_891,
    ("alexnet", "more_layers_wide"): 177_042_971,
    ("alexnet", "more_layers_narrow"): 60_261_147,
    ("alexnet", "softmax_output"): 57_901_083,
    ("alexnet", "softmax_classes"): 57_901_083,
    ("vgg11", ORIGINAL): 129_663_579,
    ("vgg11", "softmax_output"): 129_663_579,
    ("vgg11", "softmax_classes"): 129_663_579,
    ("googlenet", ORIGINAL): 6_844_123,
    ("resnet34", ORIGINAL): 22_016_891,
    ("resnet50", ORIGINAL): 25_776_251,
    ("resnet101", ORIGINAL): 44_768_379,
    ("resnext50_32x4d", ORIGINAL): 25_248_123,
}
NETWORKS = pytest.mark.parametrize(("backbone", "architecture"), list(PARAMETERS))


@lru_cache
def on_meta(backbone: str, architecture: str) -> nn.Module:
    """Return a network of 219 classes whose tensors have shapes but no memory."""
    with torch.device("meta"):
        return build.adapt(build.untouched(backbone), backbone, architecture, 219)


def forward_on_meta(net: nn.Module, photos: int, side: int) -> Tensor:
    with torch.device("meta"):
        return net.train()(torch.empty(photos, 3, side, side))
