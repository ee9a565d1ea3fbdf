"""Changes of colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablation.training.transforms.base import (
    Drawn,
    Transform,
    apply_chosen,
    beside,
    chance,
    change_marked,
    require,
    uniform,
)

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class ColorJitter(Transform):
    """torchvision ColorJitter: four colour changes in a random order for each photo.

    Brightness, contrast and saturation factors are uniform in max(0, 1 - x)..1 + x; hue is uniform in
    -hue..hue, in turns of the colour circle (at most 0.5).
    """

    brightness: float = 0.5
    """How far the factor may be from 1, in [0, inf)."""
    contrast: float = 0.5
    """How far the factor may be from 1, in [0, inf)."""
    saturation: float = 0.5
    """How far the factor may be from 1, in [0, inf)."""
    hue: float = 0.1
    """The most in either direction, in turns of the colour circle, in [0, 0.5]."""

    def __post_init__(self) -> None:
        for name in ("brightness", "contrast", "saturation"):
            require(getattr(self, name) >= 0, f"{name} {getattr(self, name)} is negative")
        require(0 <= self.hue <= 0.5, f"hue {self.hue} is not between 0 and 0.5")

    def draw(self, count: int, generator: Generator) -> Drawn:
        """Draw a factor for each of the four operations, and the order of the operations."""
        import torch

        strengths = (self.brightness, self.contrast, self.saturation)
        bounds = [*((max(0.0, 1 - x), 1 + x) for x in strengths), (-self.hue, self.hue)]
        factors = [uniform(low, high, count, generator) for low, high in bounds]
        return torch.stack(factors, dim=1), torch.rand(count, 4, generator=generator).argsort(dim=1)

    def apply(self, photos: Tensor, drawn: Drawn) -> Tensor:
        factors, order = drawn
        in_order = factors.gather(1, order).unsqueeze(2)
        return apply_chosen(photos, in_order, order.T.tolist(), COLOR_CHANGES)


@dataclass(frozen=True)
class Grayscale(Transform):
    """torchvision RandomGrayscale: drop a photo's colour with a probability (0..1)."""

    probability: float = 0.1
    """The chance of each photo, in [0, 1]."""

    def __post_init__(self) -> None:
        require(0 <= self.probability <= 1, f"probability {self.probability} is not between 0 and 1")

    def draw(self, count: int, generator: Generator) -> Drawn:
        return (chance(self.probability, count, generator),)

    def apply(self, photos: Tensor, drawn: Drawn) -> Tensor:
        return change_marked(photos, drawn[0], lambda batch: luma(batch).repeat(1, 3, 1, 1))


def luma(photos: Tensor) -> Tensor:
    """Return ITU-R 601-2 luma, N x 1 x H x W, with torchvision's rounded weights."""
    red, green, blue = photos.unbind(1)
    return (0.2989 * red).add_(green, alpha=0.587).add_(blue, alpha=0.114).unsqueeze(1)


def brightness(photos: Tensor, factor: Tensor) -> Tensor:
    """torchvision adjust_brightness: scale by a factor, clamp to 0..1."""
    return (photos * factor).clamp_(0, 1)


def contrast(photos: Tensor, factor: Tensor) -> Tensor:
    """torchvision adjust_contrast: blend with the photo's mean luma, clamp to 0..1."""
    # The luma of the mean colour is the mean luma.
    return blend(photos, luma(photos.mean(dim=(2, 3), keepdim=True)), factor)


def saturation(photos: Tensor, factor: Tensor) -> Tensor:
    """torchvision adjust_saturation: blend with luma, clamp to 0..1."""
    return blend(photos, luma(photos), factor)


def blend(photos: Tensor, others: Tensor, factor: Tensor) -> Tensor:
    """Return factor * photos + (1 - factor) * others, clamped to 0..1."""
    return (photos * factor).add_(others * (1 - factor)).clamp_(0, 1)


def hue(photos: Tensor, turns: Tensor) -> Tensor:
    """torchvision adjust_hue: turn the hue of HSV by a fraction of the colour circle.

    HSV as in Smith, "Color gamut transform pairs" (SIGGRAPH 1978), here without a case for each sextant,
    since selecting is what a CPU does slowest. In turns, the distance of a hue from red is
    (1 + (green + blue - red - least) / chroma) / 6, and its sign that of green - blue. Back: a channel at a
    distance d from its pure hue (0, 1/3, 2/3) is value - chroma * clamp(6 d - 1, 0, 1).
    """
    import torch

    red, green, blue = photos.unbind(1)
    value = torch.maximum(torch.maximum(red, green), blue)
    least = torch.minimum(torch.minimum(red, green), blue)
    chroma = value - least
    turned = (green + blue).sub_(red).sub_(least)
    turned = turned.div_(chroma.clamp_min(1e-30)).add_(1).copysign_(green - blue).div_(6)
    turned += turns.squeeze(1)
    pure = beside(photos, torch.tensor([0, 1 / 3, 2 / 3]), 3, 1, 1)
    distance = turned.unsqueeze(1) - pure
    distance.sub_(distance.round()).abs_()
    lacking = torch.rsub(distance, 1, alpha=6).clamp_(-1, 0)
    return lacking.mul_(chroma.unsqueeze(1)).add_(value.unsqueeze(1))


COLOR_CHANGES: tuple[Callable[[Tensor, Tensor], Tensor], ...] = (brightness, contrast, saturation, hue)
