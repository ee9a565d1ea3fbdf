"""Mixing the photos of a batch, and their labels: mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019).

One number, and one box, is drawn for a batch. Each photo is mixed with its partner, which is the one before
it in the batch and for the first the last, as in torchvision's MixUp and CutMix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from ablation.spec import Spec


@dataclass(frozen=True)
class Drawn:
    """How a batch is mixed: `share` of each photo stays its own, by CutMix all but a box.

    Of that (top, bottom, left, right) the second and the fourth are the first row and column behind it.
    """

    share: float
    box: tuple[int, int, int, int] | None = None


@dataclass(frozen=True)
class Mixing:
    """Mixes batches by Beta(alpha, alpha): where neither alpha is 0, half of them by either way."""

    mixup: float
    cutmix: float
    classes: int

    @classmethod
    def of(cls, spec: Spec, classes: int) -> Mixing | None:
        """Return how a spec mixes photos of so many classes; None if it does not."""
        return cls(spec.mixup, spec.cutmix, classes) if spec.mixup or spec.cutmix else None

    def draw(self, height: int, width: int, generator: Generator) -> Drawn:
        """Draw for a batch of photos of these sides, in pixels."""
        # PyTorch draws from no beta distribution by a generator.
        rng = np.random.default_rng(int(torch.randint(2**63 - 1, (), generator=generator)))
        if self.mixup and (not self.cutmix or rng.random() < 0.5):
            return Drawn(rng.beta(self.mixup, self.mixup))
        share, middle = rng.beta(self.cutmix, self.cutmix), rng.integers((height, width))
        return cut(share, int(middle[0]), int(middle[1]), height, width)

    def mixed(self, photos: Tensor, labels: Tensor, drawn: Drawn, count: int) -> tuple[Tensor, Tensor]:
        """Mix the photos of the rows that `with_partners` returned, of which `count` are this process's own.

        float32 n x C x H x W and their int64 labels become the own ones, and the shares of the
        classes in each, float32 n x classes.
        """
        own, partners = paired(photos, count)
        shares = (labels.unsqueeze(1) == torch.arange(self.classes, device=labels.device)).float()
        mixed_shares = torch.lerp(*paired(shares, count), 1 - drawn.share)
        if drawn.box is None:
            return own.lerp(partners, 1 - drawn.share), mixed_shares
        top, bottom, left, right = drawn.box
        # A copy, because a photo may be the next one's partner.
        own = own.clone()
        own[..., top:bottom, left:right] = partners[..., top:bottom, left:right]
        return own, mixed_shares


def cut(share: float, y: int, x: int, height: int, width: int) -> Drawn:
    """Return CutMix's box around a pixel: 1 - `share` of the photo, but for rounding, which is timm's.

    It is cut off at the photo's edges, and what is left of it decides the share.
    """
    part = (1 - share) ** 0.5
    high, wide = int(height * part), int(width * part)
    top, bottom = max(y - high // 2, 0), min(y + (high + 1) // 2, height)
    left, right = max(x - wide // 2, 0), min(x + (wide + 1) // 2, width)
    return Drawn(1 - (bottom - top) * (right - left) / (height * width), (top, bottom, left, right))


def with_partners(shard: Callable[[int], slice]) -> Callable[[int], slice | Tensor]:
    """Return which rows a process takes of a batch of so many photos to mix its own shard of it.

    The partner of the shard's first comes before it, unless the shard is the whole batch, or empty.
    """

    def rows(count: int) -> slice | Tensor:
        own = shard(count)
        if own.stop - own.start in (0, count):
            return own
        return torch.arange(own.start - 1, own.stop) % count

    return rows


def paired(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return `count` own rows and those of their partners, of what the rows of `with_partners` hold."""
    if len(values) == count:
        # Not roll, which on a GPU gives up the layout channels last.
        return values, torch.cat([values[-1:], values[:-1]])
    return values[1:], values[:-1]
