"""The backbones: torchvision's networks. To add one, add a line to `BACKBONES`.

Standard library only: the Snakefile reads this module to check config.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

IMAGENET_CLASSES = 1000


def library(backbone: str) -> str:
    """Return the library that makes a network: torchvision or timm."""
    return "timm" if backbone.startswith(("timm/", "tf_efficientnet_lite")) else "torchvision"


@dataclass(frozen=True)
class Backbone:
    """How a torchvision network becomes a classifier of the user's classes.

    `head` is its name in `heads.HEADS`; `minimum_size` is the smallest image side in pixels that it can train
    on, even with a last batch of one photo (batch norm refuses one value per channel); `parameters` are
    millions, with 1000 outputs; `multiplications` are 10^9 for a photo of 224 x 224 pixels; `activations` are
    the bytes that training keeps of each pixel of a batch, measured in fp32; `options` are passed to
    torchvision's builder.
    """

    head: str
    minimum_size: int
    parameters: int
    multiplications: float
    activations: int
    options: dict[str, Any]


# GoogLeNet's transform_input is not part of its saved weights, so it is always asked for by name; the
# auxiliary heads are left out, as torchvision does when it loads the ImageNet weights.
GOOGLENET = {"aux_logits": False, "transform_input": True, "init_weights": True}

BACKBONES: dict[str, Backbone] = {
    "alexnet": Backbone("replace_last_layer", 63, 61, 0.7, 700, {}),
    "vgg11": Backbone("replace_last_layer", 32, 133, 7.6, 1600, {}),
    "googlenet": Backbone("extend_fc", 47, 7, 1.5, 1300, GOOGLENET),
    "resnet34": Backbone("extend_fc", 33, 22, 3.7, 1000, {}),
    "resnet50": Backbone("extend_fc", 33, 26, 4.1, 2300, {}),
    "resnet101": Backbone("extend_fc", 33, 45, 7.8, 3100, {}),
    "resnext50_32x4d": Backbone("extend_fc", 33, 25, 4.2, 2600, {}),
}
