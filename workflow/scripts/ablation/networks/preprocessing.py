"""What a network expects of its input; recorded with its weights, as `input` of a weight file's `about`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torchvision

from ablation.networks.backbones import IMAGENET_MEAN, IMAGENET_STD, OWN, row_of
from ablation.networks.needs import library


@dataclass(frozen=True)
class Preprocessing:
    """How photos become a network's input.

    They are resized to `size` x `size` pixels by `interpolation` (bilinear, bicubic, ...); of their values,
    0..1, `mean` is subtracted and the difference divided by `std`, for red, green and blue. `resize` is in
    which of the ways of photos/resizing.py they become square; None, which is not recorded, for weights that
    were published: libraries crop in ways of their own.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    size: int
    interpolation: str
    resize: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        found = {
            "mean": list(self.mean),
            "std": list(self.std),
            "size": self.size,
            "interpolation": self.interpolation,
        }
        return found if self.resize is None else found | {"resize": self.resize}


def of_torchvisions(weights: Any) -> Preprocessing:
    """Return what a member of torchvision's enums of weights expects."""
    transforms = weights.transforms()
    return Preprocessing(
        tuple(transforms.mean),
        tuple(transforms.std),
        transforms.crop_size[0],
        transforms.interpolation.value,
    )


def of_timms(cfg: Any) -> Preprocessing:
    """Return what one of timm's weights expects, by its `PretrainedCfg`."""
    return Preprocessing(tuple(cfg.mean), tuple(cfg.std), cfg.input_size[-1], cfg.interpolation)


def of_network(backbone: str) -> Preprocessing:
    """Return what its library's first weights of a network expect (timm's: its default ones).

    Of a network of one's own it is what its row says.
    """
    if library(backbone) == OWN:
        its = row_of(backbone)
        return Preprocessing(its.mean, its.std, its.usual_size, its.interpolation)
    if library(backbone) == "timm":
        import timm

        cfg = timm.get_pretrained_cfg(backbone.removeprefix("timm/"))
        return of_timms(cfg)
    for weights in torchvision.models.get_model_weights(backbone):
        return of_torchvisions(weights)
    return Preprocessing(IMAGENET_MEAN, IMAGENET_STD, 224, "bilinear")
