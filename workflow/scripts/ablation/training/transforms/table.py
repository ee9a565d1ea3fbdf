"""The transforms by their names in config.yaml."""

from __future__ import annotations

from ablation.training.transforms.base import Transform
from ablation.training.transforms.colour import ColorJitter, Grayscale
from ablation.training.transforms.geometry import HorizontalFlip, Rotation
from ablation.training.transforms.normalization import Normalize

TRANSFORMS: dict[str, type[Transform]] = {
    "horizontal_flip": HorizontalFlip,
    "rotation": Rotation,
    "color_jitter": ColorJitter,
    "grayscale": Grayscale,
    "normalize": Normalize,
}
