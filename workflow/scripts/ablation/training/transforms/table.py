"""The transforms by their names in config.yaml."""

from __future__ import annotations

from collections.abc import Mapping

from ablation.running.plugins import Table
from ablation.training.transforms.base import Transform
from ablation.training.transforms.boxes import RandomErasing, RandomResizedCrop
from ablation.training.transforms.colour import ColorJitter, Grayscale
from ablation.training.transforms.geometry import HorizontalFlip, Rotation, VerticalFlip
from ablation.training.transforms.normalization import Normalize
from ablation.training.transforms.policies import RandAugment, TrivialAugmentWide

TRANSFORMS: Mapping[str, type[Transform]] = Table(
    "TRANSFORMS",
    {
        "horizontal_flip": HorizontalFlip,
        "vertical_flip": VerticalFlip,
        "rotation": Rotation,
        "random_resized_crop": RandomResizedCrop,
        "color_jitter": ColorJitter,
        "grayscale": Grayscale,
        "rand_augment": RandAugment,
        "trivial_augment_wide": TrivialAugmentWide,
        "normalize": Normalize,
        "random_erasing": RandomErasing,
    },
)
