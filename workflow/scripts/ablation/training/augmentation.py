"""Augmenting a batch: transforms drawn for each photo and applied one after the other.

Random numbers come from a CPU generator, so the same seed augments the same way on every device and
nothing waits for the GPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from ablation.training.transforms.base import Drawn, Transform
from ablation.training.transforms.table import TRANSFORMS


def build(steps: Sequence[tuple[str, dict[str, Any]]], *, training: bool) -> list[Transform]:
    """Return the transforms of an augmentation; without the random ones unless `training`."""
    return [TRANSFORMS[name](**parameters) for name, parameters in (steps if training else lasting(steps))]


def lasting(steps: Sequence[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Return the steps of an augmentation that photos go through which do not train: none is random."""
    return [(name, parameters) for name, parameters in steps if not TRANSFORMS[name].random]


def draw(transforms: Sequence[Transform], count: int, generator: Generator) -> list[Drawn]:
    """Draw what each transform needs for `count` photos."""
    return [step.draw(count, generator) for step in transforms]


def part(drawn: list[Drawn], rows: slice | Tensor) -> list[Drawn]:
    """Return what was drawn for some of the photos."""
    return [tuple(values[rows] for values in parameters) for parameters in drawn]


def augmented(pixels: Tensor, transforms: Sequence[Transform], drawn: list[Drawn]) -> Tensor:
    """Turn uint8 photos N x H x W x 3 into float32 N x 3 x H x W, transformed, channels last in memory.

    `drawn` is what `draw` returned for these photos.
    """
    count, height, width, channels = pixels.shape
    result = torch.empty(
        (count, channels, height, width), device=pixels.device, memory_format=torch.channels_last
    )

    # A CPU is fastest photo by photo, which stay in a core's cache; a GPU in few large steps.
    size = 1 if pixels.device.type == "cpu" else max(count, 1)
    for start in range(0, count, size):
        some = slice(start, start + size)
        photos = to_unit(pixels[some])
        for step, parameters in zip(transforms, part(drawn, some), strict=True):
            photos = step.apply(photos, parameters)
        result[some] = photos
    return result


def to_unit(pixels: Tensor) -> Tensor:
    """Turn uint8 photos N x H x W x 3 into float32 N x 3 x H x W in 0..1.

    Each channel lies by itself in memory: for three channels that is several times as fast as last.
    """
    photos = pixels.permute(0, 3, 1, 2)
    return photos.to(torch.float32, memory_format=torch.contiguous_format).div_(255)
