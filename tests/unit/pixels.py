"""Random photos as a pack has them, and transforms that change all of them."""

from __future__ import annotations

import torch
from torch import Tensor

STRONG = [
    ("horizontal_flip", {"probability": 0.5}),
    ("rotation", {"degrees": 180.0}),
    ("color_jitter", {"brightness": 2.0, "contrast": 3.0, "saturation": 3.0, "hue": 0.5}),
    ("grayscale", {"probability": 0.5}),
]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def levels(count: int, size: tuple[int, int] = (8, 8), seed: int = 0) -> Tensor:
    """Photos as a pack has them, uint8 N x H x W x 3, among them black, white and gray."""
    pixels = torch.randint(0, 256, (count, *size, 3), generator=seeded(seed), dtype=torch.uint8)
    if count >= 4:
        pixels[0], pixels[1], pixels[2] = 0, 255, pixels[2, ..., :1]
        pixels[3, ..., 1] = pixels[3, ..., 0]  # ties for the largest or smallest channel
    return pixels


def assert_close(ours: Tensor, theirs: Tensor, tolerance: float) -> None:
    torch.testing.assert_close(ours, theirs, atol=tolerance, rtol=0)
