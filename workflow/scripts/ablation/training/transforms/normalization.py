"""The range of values that a network expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ablation.training.transforms.base import Drawn, Transform, beside, require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Normalize(Transform):
    """torchvision Normalize: subtract a mean and divide by a deviation, for each channel (0..1 units)."""

    random: ClassVar[bool] = False

    mean: Sequence[float] = (0.485, 0.456, 0.406)
    """What is subtracted from red, green and blue, each in (-inf, inf)."""
    std: Sequence[float] = (0.229, 0.224, 0.225)
    """What they are divided by, each in (0, inf)."""

    def __post_init__(self) -> None:
        require(len(self.mean) == 3 and len(self.std) == 3, "mean and std need three values each")
        require(min(self.std) > 0, f"std {list(self.std)} has a value that is not above 0")

    def apply(self, photos: Tensor, drawn: Drawn) -> Tensor:  # noqa: ARG002
        import torch

        mean, std = (beside(photos, torch.tensor(values), 3, 1, 1) for values in (self.mean, self.std))
        return photos.sub_(mean).div_(std)
