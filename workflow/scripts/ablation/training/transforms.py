"""The transforms: torchvision's, batched, with parameters drawn for each photo.

Photos are float32 tensors N x 3 x H x W with values in 0..1. Each transform is a frozen dataclass whose
fields are its parameters in config.yaml. To add one, write a class and add a line to `TRANSFORMS`. torch is
imported inside functions because the Snakefile reads this module to check config.yaml.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from torch import Generator, Tensor

# What a transform draws for each photo of a batch: tensors with a row for each.
Drawn = tuple["Tensor", ...]


class Transform(ABC):
    """One step of an augmentation; `random` steps are left out when validating."""

    random: ClassVar[bool] = True

    def draw(self, count: int, generator: Generator) -> Drawn:  # noqa: ARG002
        """Draw the parameters of `count` photos: CPU tensors with a row for each."""
        return ()

    @abstractmethod
    def apply(self, photos: Tensor, drawn: Drawn) -> Tensor:
        """Return photos (N x 3 x H x W float) transformed; may change its argument in place."""


def require(condition: bool, message: str) -> None:
    """Raise ValueError(message) unless the condition holds."""
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True)
class HorizontalFlip(Transform):
    """torchvision RandomHorizontalFlip: mirror a photo left to right with a probability (0..1)."""

    probability: float = 0.5

    def __post_init__(self) -> None:
        require(0 <= self.probability <= 1, f"probability {self.probability} is not between 0 and 1")

    def draw(self, count: int, generator: Generator) -> Drawn:
        return (chance(self.probability, count, generator),)

    def apply(self, photos: Tensor, drawn: Drawn) -> Tensor:
        return change_marked(photos, drawn[0], lambda batch: batch.flip(-1))


@dataclass(frozen=True)
class Rotation(Transform):
    """torchvision RandomRotation: turn by an angle uniform in -degrees..degrees; nearest, fill 0."""

    degrees: float = 45.0

    def __post_init__(self) -> None:
        require(0 <= self.degrees <= 180, f"degrees {self.degrees} is not between 0 and 180")

    def draw(self, count: int, generator: Generator) -> Drawn:
        return (uniform(-self.degrees, self.degrees, count, generator),)

    def apply(self, photos: Tensor, drawn: Drawn) -> Tensor:
        return rotate(photos, *drawn)


@dataclass(frozen=True)
class ColorJitter(Transform):
    """torchvision ColorJitter: four colour changes in a random order for each photo.

    Brightness, contrast and saturation factors are uniform in max(0, 1 - x)..1 + x; hue is uniform in
    -hue..hue, in turns of the colour circle (at most 0.5).
    """

    brightness: float = 0.5
    contrast: float = 0.5
    saturation: float = 0.5
    hue: float = 0.1

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
        import torch

        factors, order = beside(photos, drawn[0], -1, 4, 1, 1, 1), drawn[1].T.tolist()
        given = list(range(len(photos)))
        lying = given
        for operations in order:
            kinds = sorted(set(operations))
            if len(kinds) == 1:
                photos = COLOR_CHANGES[kinds[0]](photos, factors[:, kinds[0]])
                continue
            # Those that have the same operation now, side by side.
            wanted = sorted(given, key=operations.__getitem__)
            photos, factors = arranged(lying, wanted, photos, factors)
            lying, pieces, stop = wanted, [], 0
            for kind in kinds:
                start, stop = stop, stop + operations.count(kind)
                pieces.append(COLOR_CHANGES[kind](photos[start:stop], factors[start:stop, kind]))
            photos = torch.cat(pieces)
        return arranged(lying, given, photos)[0]


@dataclass(frozen=True)
class Grayscale(Transform):
    """torchvision RandomGrayscale: drop a photo's colour with a probability (0..1)."""

    probability: float = 0.1

    def __post_init__(self) -> None:
        require(0 <= self.probability <= 1, f"probability {self.probability} is not between 0 and 1")

    def draw(self, count: int, generator: Generator) -> Drawn:
        return (chance(self.probability, count, generator),)

    def apply(self, photos: Tensor, drawn: Drawn) -> Tensor:
        return change_marked(photos, drawn[0], lambda batch: luma(batch).repeat(1, 3, 1, 1))


@dataclass(frozen=True)
class Normalize(Transform):
    """torchvision Normalize: subtract a mean and divide by a deviation, for each channel (0..1 units)."""

    random: ClassVar[bool] = False

    mean: Sequence[float] = (0.485, 0.456, 0.406)
    std: Sequence[float] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        require(len(self.mean) == 3 and len(self.std) == 3, "mean and std need three values each")
        require(min(self.std) > 0, f"std {list(self.std)} has a value that is not above 0")

    def apply(self, photos: Tensor, drawn: Drawn) -> Tensor:  # noqa: ARG002
        import torch

        mean, std = (beside(photos, torch.tensor(values), 3, 1, 1) for values in (self.mean, self.std))
        return photos.sub_(mean).div_(std)


TRANSFORMS: dict[str, type[Transform]] = {
    "horizontal_flip": HorizontalFlip,
    "rotation": Rotation,
    "color_jitter": ColorJitter,
    "grayscale": Grayscale,
    "normalize": Normalize,
}


def uniform(low: float, high: float, count: int, generator: Generator) -> Tensor:
    """Draw numbers in low..high."""
    import torch

    return torch.rand(count, generator=generator) * (high - low) + low


def chance(probability: float, count: int, generator: Generator) -> Tensor:
    """Draw booleans that are true with a probability."""
    import torch

    return torch.rand(count, generator=generator) < probability


def change_marked(photos: Tensor, marks: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Return photos, those changed that booleans on the CPU mark.

    Writing by index would take CUDA, if it is to repeat its bytes, a sort.
    """
    import torch

    marked = marks.tolist()
    if all(marked):
        return change(photos)
    if any(marked):
        return torch.where(beside(photos, marks, -1, 1, 1, 1), change(photos), photos)
    return photos


def arranged(lying: list[int], wanted: list[int], *tensors: Tensor) -> Sequence[Tensor]:
    """Return tensors with their rows in another order; `lying` and `wanted` say which photo is where."""
    import torch

    if lying == wanted:
        return tensors
    place = {photo: row for row, photo in enumerate(lying)}
    index = beside(tensors[0], torch.tensor([place[photo] for photo in wanted]), -1)
    return [rows[index] for rows in tensors]


def beside(photos: Tensor, values: Tensor, *shape: int) -> Tensor:
    """Return a CPU tensor in another shape, on the photos' device; the CPU does not wait for the copy."""
    return values.view(*shape).to(photos.device, non_blocking=True)


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


def rotate(photos: Tensor, degrees: Tensor) -> Tensor:
    """torchvision rotate: counter-clockwise about the centre, nearest neighbour, zeros outside."""
    from torch.nn import functional

    return functional.grid_sample(
        photos,
        rotation_grid(photos, degrees),
        mode="nearest",
        padding_mode="zeros",
        align_corners=False,
    )


def rotation_grid(photos: Tensor, degrees: Tensor) -> Tensor:
    """Return where each output pixel comes from, N x H x W x 2, in grid_sample's -1..1 coordinates.

    As functional.affine_grid has it, in a tenth of its time: a sum of one vector for x and one for y, in
    complex numbers because those keep the two coordinates side by side.
    """
    import torch

    height, width = photos.shape[-2:]
    radians = beside(photos, degrees * (math.pi / 180), -1, 1, 1)
    cos, sin = radians.cos(), radians.sin()
    x, y = (torch.arange(1 - length, length, 2, device=photos.device) for length in (width, height))
    y = y[:, None]
    # The turn happens in pixels; -1..1 spans different lengths in x and y.
    across = torch.complex(cos * x / width, sin * x / height)
    down = torch.complex(-sin * y / width, cos * y / height)
    return torch.view_as_real(across + down)
