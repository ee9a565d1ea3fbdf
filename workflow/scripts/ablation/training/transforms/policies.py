"""Policies that choose of fourteen operations for each photo: RandAugment and TrivialAugmentWide."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ablation.training.transforms.base import Drawn, Transform, apply_chosen, chance, require
from ablation.training.transforms.colour import brightness, contrast, saturation
from ablation.training.transforms.geometry import warp
from ablation.training.transforms.levels import autocontrast, equalize, posterize, sharpness, solarize

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class Strongest:
    """The largest magnitudes of a policy.

    `shear` is a tangent; `degrees` an angle; `factor` how far that of brightness, color, contrast and
    sharpness is from 1; `bits` how many of 8 posterizing drops.
    """

    shear: float
    degrees: float
    factor: float
    bits: int


class Policy(Transform):
    """Operations one after the other, each equally likely, as strong as their bins and as often negative."""

    strongest: ClassVar[Strongest]

    num_magnitude_bins: int

    @abstractmethod
    def draw_bins(self, count: int, generator: Generator) -> Tensor:
        """Draw how strong the operations on `count` photos are: bins, N x steps."""

    @abstractmethod
    def translation(self, length: int) -> float:
        """Return by how many pixels a photo of this length is moved at the most."""

    def draw(self, count: int, generator: Generator) -> Drawn:
        """Draw operations, their bins, and whether they go the other way, N x steps each."""
        import torch

        bins = self.draw_bins(count, generator)
        operations = torch.randint(len(OPERATIONS), bins.shape, generator=generator)
        return operations, bins, chance(0.5, bins.numel(), generator).view(bins.shape)

    def apply(self, photos: Tensor, drawn: Drawn) -> Tensor:
        import torch

        names, kinds = list(OPERATIONS), list(dict.fromkeys(OPERATIONS.values()))
        height, width = photos.shape[-2:]
        settings = []
        for operation, place, negative in zip(*(its.flatten().tolist() for its in drawn), strict=True):
            strength = self.strength(names[operation], place, height, width)
            settings.append(setting(names[operation], -strength if negative else strength, height, width))
        kind = [kinds.index(function) for function in OPERATIONS.values()]
        return apply_chosen(
            photos,
            torch.tensor(settings, dtype=torch.float32).view(*drawn[0].shape, 6),
            [[kind[operation] for operation in step] for step in drawn[0].T.tolist()],
            kinds,
        )

    def strength(self, operation: str, place: int, height: int, width: int) -> float:
        """Return the magnitude in a bin, as torchvision's tables have it; 0 for operations without any."""
        import torch

        bins, its = self.num_magnitude_bins, self.strongest
        if operation == "Posterize":
            return (8 - torch.arange(bins) / ((bins - 1) / its.bits)).round()[place].item()
        if operation == "Solarize":
            return torch.linspace(1, 0, bins)[place].item()
        most = {
            **dict.fromkeys(("ShearX", "ShearY"), its.shear),
            "TranslateX": self.translation(width),
            "TranslateY": self.translation(height),
            "Rotate": its.degrees,
            **dict.fromkeys(("Brightness", "Color", "Contrast", "Sharpness"), its.factor),
        }.get(operation, 0.0)
        return torch.linspace(0, most, bins)[place].item()


@dataclass(frozen=True)
class RandAugment(Policy):
    """torchvision RandAugment (Cubuk et al. 2019): `num_ops` operations, all of one magnitude.

    `magnitude` is one of `num_magnitude_bins`, counted from 0. Nearest neighbour, filled with 0.
    """

    strongest: ClassVar[Strongest] = Strongest(shear=0.3, degrees=30.0, factor=0.9, bits=4)

    num_ops: int = 2
    """How many operations, in [0, inf)."""
    magnitude: int = 9
    """How strong they are, one of the bins, in [0, 30] of 31 bins."""
    num_magnitude_bins: int = 31
    """How many bins there are, in [2, inf), and more than `magnitude`."""

    def __post_init__(self) -> None:
        require(self.num_ops >= 0, f"num_ops {self.num_ops} is negative")
        require(self.num_magnitude_bins >= 2, f"num_magnitude_bins {self.num_magnitude_bins} is below 2")
        require(
            0 <= self.magnitude < self.num_magnitude_bins,
            f"magnitude {self.magnitude} is not one of {self.num_magnitude_bins} bins, counted from 0",
        )

    def draw_bins(self, count: int, generator: Generator) -> Tensor:  # noqa: ARG002
        import torch

        return torch.full((count, self.num_ops), self.magnitude)

    def translation(self, length: int) -> float:
        return 150 / 331 * length


@dataclass(frozen=True)
class TrivialAugmentWide(Policy):
    """torchvision TrivialAugmentWide (Müller and Hutter 2021): one operation of any magnitude.

    Each of `num_magnitude_bins` is equally likely. Nearest neighbour, filled with 0.
    """

    strongest: ClassVar[Strongest] = Strongest(shear=0.99, degrees=135.0, factor=0.99, bits=6)

    num_magnitude_bins: int = 31
    """How many magnitudes there are, each as likely, in [2, inf)."""

    def __post_init__(self) -> None:
        require(self.num_magnitude_bins >= 2, f"num_magnitude_bins {self.num_magnitude_bins} is below 2")

    def draw_bins(self, count: int, generator: Generator) -> Tensor:
        import torch

        return torch.randint(self.num_magnitude_bins, (count, 1), generator=generator)

    def translation(self, length: int) -> float:  # noqa: ARG002
        return 32.0


def setting(operation: str, magnitude: float, height: int, width: int) -> Sequence[float]:
    """Return the six numbers that an operation takes of each photo: `warp`'s, or its own and five more.

    Photos are sheared about their upper left corner. Posterizing and solarizing know no other way.
    """
    match operation:
        case "ShearX":
            return 1, magnitude, magnitude * height / 2, 0, 1, 0
        case "ShearY":
            return 1, 0, 0, magnitude, 1, magnitude * width / 2
        case "TranslateX":
            return 1, 0, -int(magnitude), 0, 1, 0
        case "TranslateY":
            return 1, 0, 0, 0, 1, -int(magnitude)
        case "Rotate":
            cos, sin = math.cos(math.radians(magnitude)), math.sin(math.radians(magnitude))
            return cos, -sin, 0, sin, cos, 0
        case "Posterize":
            own = 2.0 ** abs(magnitude)
        case "Solarize":
            own = abs(magnitude)
        case _:
            own = 1 + magnitude
    return own, 0, 0, 0, 0, 0


def by_one_number(change: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a change that reads the first of each photo's numbers only."""
    return lambda photos, settings: change(photos, settings[:, :1])


# Of n photos and the numbers of each, n x 6 x 1 x 1; by torchvision's names, in its order.
OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "Identity": lambda photos, _: photos,
    "ShearX": warp,
    "ShearY": warp,
    "TranslateX": warp,
    "TranslateY": warp,
    "Rotate": warp,
    "Brightness": by_one_number(brightness),
    "Color": by_one_number(saturation),
    "Contrast": by_one_number(contrast),
    "Sharpness": by_one_number(sharpness),
    "Posterize": by_one_number(posterize),
    "Solarize": by_one_number(solarize),
    "AutoContrast": lambda photos, _: autocontrast(photos),
    "Equalize": lambda photos, _: equalize(photos),
}
