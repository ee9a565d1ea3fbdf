"""Boxes of random area and aspect ratio: cropping photos to them, and erasing them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ablation.training.transforms.base import Drawn, Transform, beside, chance, require, uniform

if TYPE_CHECKING:
    from torch import Generator, Tensor

# Top, left, height and width in pixels.
Box = tuple[int, int, int, int]
# How many areas and ratios are drawn for a photo: the first counts that makes a box that fits.
TRIES = 10


@dataclass(frozen=True)
class RandomResizedCrop(Transform):
    """torchvision RandomResizedCrop: crop to a random box and enlarge it to the photo's size, bilinear.

    The area is uniform in `scale`, a part (above 0, at most 1) of the photo's; the aspect ratio, width by
    height, is uniform in its logarithm in `ratio`. If none of ten boxes fits the photo, the largest central
    one whose ratio is allowed is taken.
    """

    scale: Sequence[float] = (0.08, 1.0)
    """The least and the most of a box's area, parts of the photo's, each in (0, 1]."""
    ratio: Sequence[float] = (3 / 4, 4 / 3)
    """The least and the most of width by height, each in (0, inf)."""

    def __post_init__(self) -> None:
        check_limits("scale", self.scale, 1)
        require(self.scale[0] > 0, f"scale {list(self.scale)} begins at 0, which leaves no photo")
        check_limits("ratio", self.ratio)
        require(self.ratio[0] > 0, f"ratio {list(self.ratio)} does not begin above 0")

    def draw(self, count: int, generator: Generator) -> Drawn:
        return draw_boxes(self.scale, self.ratio, count, generator)

    def apply(self, photos: Tensor, drawn: Drawn) -> Tensor:
        height, width = photos.shape[-2:]
        of_photos = zip(*(values.tolist() for values in drawn), strict=True)
        return enlarge(photos, [self.box(height, width, *its) for its in of_photos])

    def box(
        self, height: int, width: int, areas: list[float], ratios: list[float], place: list[float]
    ) -> Box:
        """Return the box in a photo of this size that the drawn numbers make."""
        for area, ratio in zip(areas, ratios, strict=True):
            wide = round(math.sqrt(height * width * area * ratio))
            high = round(math.sqrt(height * width * area / ratio))
            if 0 < wide <= width and 0 < high <= height:
                return placed(height, width, high, wide, place)
        wide, high = width, height
        if width / height < self.ratio[0]:
            high = max(round(width / self.ratio[0]), 1)
        elif width / height > self.ratio[1]:
            wide = max(round(height * self.ratio[1]), 1)
        return (height - high) // 2, (width - wide) // 2, high, wide


@dataclass(frozen=True)
class RandomErasing(Transform):
    """torchvision RandomErasing: with a probability (0..1), fill a random box with a value for each channel.

    The area is uniform in `scale`, a part of the photo's; the aspect ratio, height by width, is uniform in
    its logarithm in `ratio`. A photo stays whole if none of ten boxes is smaller than it in both directions.
    It may follow normalize, as it does elsewhere; 0 is then the mean colour, else black.
    """

    takes_any_values: ClassVar[bool] = True

    probability: float = 0.5
    """The chance of each photo, in [0, 1]."""
    scale: Sequence[float] = (0.02, 0.33)
    """The least and the most of a box's area, parts of the photo's, each in [0, 1]."""
    ratio: Sequence[float] = (0.3, 3.3)
    """The least and the most of height by width, each in (0, inf)."""
    value: Sequence[float] = (0.0, 0.0, 0.0)
    """What fills the box in red, green and blue, each in (-inf, inf)."""

    def __post_init__(self) -> None:
        require(0 <= self.probability <= 1, f"probability {self.probability} is not between 0 and 1")
        check_limits("scale", self.scale, 1)
        check_limits("ratio", self.ratio)
        require(self.ratio[0] > 0, f"ratio {list(self.ratio)} does not begin above 0")
        require(len(self.value) == 3, "value needs three values, one for each channel")

    def draw(self, count: int, generator: Generator) -> Drawn:
        marks = chance(self.probability, count, generator)
        return marks, *draw_boxes(self.scale, self.ratio, count, generator)

    def apply(self, photos: Tensor, drawn: Drawn) -> Tensor:
        import torch

        height, width = photos.shape[-2:]
        of_photos = zip(*(values.tolist() for values in drawn), strict=True)
        boxes = [self.box(height, width, *its) if marked else NOTHING for marked, *its in of_photos]
        if not any(box != NOTHING for box in boxes):
            return photos
        top, left, high, wide = beside(photos, torch.tensor(boxes), -1, 4, 1, 1).unbind(1)
        y, x = (torch.arange(length, device=photos.device) for length in (height, width))
        y = y[:, None]
        inside = (y >= top) & (y < top + high) & (x >= left) & (x < left + wide)
        return torch.where(inside.unsqueeze(1), beside(photos, torch.tensor(self.value), 3, 1, 1), photos)

    def box(
        self, height: int, width: int, areas: list[float], ratios: list[float], place: list[float]
    ) -> Box:
        """Return the box in a photo of this size that the drawn numbers make."""
        for area, ratio in zip(areas, ratios, strict=True):
            high = round(math.sqrt(height * width * area * ratio))
            wide = round(math.sqrt(height * width * area / ratio))
            if high < height and wide < width:
                return placed(height, width, high, wide, place)
        return NOTHING


NOTHING: Box = (0, 0, 0, 0)


def check_limits(name: str, limits: Sequence[float], most: float = math.inf) -> None:
    """Raise ValueError unless these are two numbers from 0 to `most`, the smaller one first."""
    require(len(limits) == 2, f"{name} needs two values, the least and the most")
    require(0 <= limits[0] <= limits[1], f"{name} {list(limits)} does not rise from 0 or more")
    require(limits[1] <= most, f"{name} {list(limits)} ends above {most}")


def draw_boxes(scale: Sequence[float], ratio: Sequence[float], count: int, generator: Generator) -> Drawn:
    """Draw areas (parts of a photo's) and aspect ratios, N x TRIES, and where a box lies, N x 2 in 0..1."""
    import torch

    areas = uniform(scale[0], scale[1], count * TRIES, generator).view(count, TRIES)
    logarithms = uniform(math.log(ratio[0]), math.log(ratio[1]), count * TRIES, generator)
    return areas, logarithms.exp().view(count, TRIES), torch.rand(count, 2, generator=generator)


def placed(height: int, width: int, high: int, wide: int, place: Sequence[float]) -> Box:
    """Return a box of a size with each place in a photo equally likely; `place` is uniform below 1."""
    return int(place[0] * (height - high + 1)), int(place[1] * (width - wide + 1)), high, wide


def enlarge(photos: Tensor, boxes: Sequence[Box]) -> Tensor:
    """torchvision resized_crop, bilinear, to the size of the photos: crop each to its box and enlarge that.

    Antialiasing, which is for making smaller, would change nothing.
    """
    import torch
    from torch.nn import functional

    top, left, high, wide = beside(photos, torch.tensor(boxes, dtype=torch.float32), -1, 4, 1).unbind(1)

    def source(length: int, start: Tensor, extent: Tensor) -> Tensor:
        """Return where output pixels come from, N x length, in grid_sample's -1..1 coordinates."""
        centres = torch.arange(0.5, length, device=photos.device) * (extent / length)
        # No farther than the centres of the box's own outermost pixels.
        return (start + centres.clamp_min(0.5).minimum(extent - 0.5)) * (2 / length) - 1

    y, x = source(photos.shape[-2], top, high), source(photos.shape[-1], left, wide)
    grid = torch.stack(torch.broadcast_tensors(x.unsqueeze(1), y.unsqueeze(2)), dim=-1)
    return functional.grid_sample(photos, grid, mode="bilinear", padding_mode="border", align_corners=False)
