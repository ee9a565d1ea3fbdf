"""Changes of a photo's levels, and its sharpness: Pillow's, as torchvision computes them on floats."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def posterize(photos: Tensor, levels: Tensor) -> Tensor:
    """torchvision posterize: round down to so many levels (N x 1 x 1 x 1, powers of 2)."""
    return (photos * levels).floor_().clamp_min_(0).minimum(levels - 1).div_(levels)


def solarize(photos: Tensor, threshold: Tensor) -> Tensor:
    """torchvision solarize: invert values from a threshold (N x 1 x 1 x 1) on."""
    import torch

    return torch.where(photos >= threshold, 1 - photos, photos)


def autocontrast(photos: Tensor) -> Tensor:
    """torchvision autocontrast: spread each channel over 0..1; one of a single value stays as it is."""
    least, most = photos.amin((2, 3), keepdim=True), photos.amax((2, 3), keepdim=True)
    single = least == most
    extent = (most - least).masked_fill_(single, 1)
    return (photos - least.masked_fill_(single, 0)).div_(extent).clamp_(0, 1)


def equalize(photos: Tensor) -> Tensor:
    """torchvision equalize: make 256 levels about equally frequent, in each channel, as Pillow does."""
    import torch

    # As torchvision turns floats into 8 bits.
    pixels = (photos * 255.999).to(torch.uint8).flatten(2)
    below = by_counting(pixels) if photos.device.type == "cpu" else by_sorting(pixels)
    # All but the pixels of the highest level: the most that are below any level that a pixel has.
    others = below.where(below < pixels.shape[2], 0).amax(2, keepdim=True)
    step = others // 255
    equal = ((below + step // 2) // step.clamp_min(1)).clamp_(0, 255)
    # Where even 255 pixels would make less than a level, all stay.
    equal = equal.where(step > 0, torch.arange(256, device=photos.device))
    return (equal * (1 / 255)).gather(2, pixels.long()).view_as(photos)


def by_counting(pixels: Tensor) -> Tensor:
    """Return how many of N x 3 x P uint8 pixels are below each level, N x 3 x 256."""
    import torch

    rows = torch.arange(0, 256 * pixels.shape[:2].numel(), 256).view(*pixels.shape[:2], 1)
    counts = torch.bincount((pixels + rows).flatten(), minlength=256 * rows.numel()).view(
        *rows.shape[:2], 256
    )
    return counts.cumsum(2) - counts


def by_sorting(pixels: Tensor) -> Tensor:
    """Return the same, where counting would wait for a GPU to say how many levels there are."""
    import torch

    levels = torch.arange(256, dtype=torch.uint8, device=pixels.device)
    return torch.searchsorted(pixels.sort().values, levels.repeat(*pixels.shape[:2], 1))


def sharpness(photos: Tensor, factor: Tensor) -> Tensor:
    """torchvision adjust_sharpness: blend with a 3 x 3 blur by a factor (N x 1 x 1 x 1), clamp to 0..1.

    The border stays as it is, and photos that are nothing but border.
    """
    if min(photos.shape[-2:]) <= 2:
        return photos
    rows = photos[..., :-2, :] + photos[..., 1:-1, :] + photos[..., 2:, :]
    blurred = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
    inner = photos[..., 1:-1, 1:-1]
    blurred.add_(inner, alpha=4).div_(13)
    result = photos.clone()
    result[..., 1:-1, 1:-1].add_(blurred.sub_(inner).mul_(1 - factor))
    return result.clamp_(0, 1)
