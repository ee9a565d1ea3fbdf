"""The augmentations: torchvision's transforms, batched, with parameters drawn for each photo.

Photos are float32 tensors N x 3 x H x W with values in 0..1. Each transform is a frozen dataclass
whose fields are its parameters in config.yaml; `TRANSFORMS` maps the names used there. To add a
transform, write one class here and decorate it with `@transform("its_name")`.

Random numbers come from a CPU generator, so the same seed augments the same way on every device and
nothing waits for the GPU. torch is imported inside functions: the Snakefile reads this module to check
config.yaml, and importing torch costs seconds.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import torch
    from torch import Generator, Tensor

TRANSFORMS: dict[str, type[Transform]] = {}


def transform(name: str) -> Callable[[type[Transform]], type[Transform]]:
    """Register a transform under the name it has in config.yaml."""

    def register(cls: type[Transform]) -> type[Transform]:
        TRANSFORMS[name] = cls
        return cls

    return register


class Transform(ABC):
    """One step of an augmentation; `random` steps are left out when validating."""

    random: ClassVar[bool] = True

    @abstractmethod
    def __call__(self, photos: Tensor, generator: Generator) -> Tensor:
        """Return photos (N x 3 x H x W float) transformed; may change its argument in place."""


def require(condition: bool, message: str) -> None:
    """Raise ValueError(message) unless the condition holds."""
    if not condition:
        raise ValueError(message)


@transform("horizontal_flip")
@dataclass(frozen=True)
class HorizontalFlip(Transform):
    """torchvision RandomHorizontalFlip: mirror a photo left to right with a probability (0..1)."""

    probability: float = 0.5

    def __post_init__(self) -> None:
        require(0 <= self.probability <= 1, f"probability {self.probability} is not between 0 and 1")

    def __call__(self, photos: Tensor, generator: Generator) -> Tensor:
        chosen = chance(self.probability, photos, generator)
        photos[chosen] = photos[chosen].flip(-1)
        return photos


@transform("rotation")
@dataclass(frozen=True)
class Rotation(Transform):
    """torchvision RandomRotation: turn by an angle uniform in -degrees..degrees; nearest, fill 0."""

    degrees: float = 45.0

    def __post_init__(self) -> None:
        require(0 <= self.degrees <= 180, f"degrees {self.degrees} is not between 0 and 180")

    def __call__(self, photos: Tensor, generator: Generator) -> Tensor:
        return rotate(photos, uniform(-self.degrees, self.degrees, photos, generator))


@transform("color_jitter")
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

    def __call__(self, photos: Tensor, generator: Generator) -> Tensor:
        import torch

        factors = [
            uniform(max(0.0, 1 - strength), 1 + strength, photos, generator)
            for strength in (self.brightness, self.contrast, self.saturation)
        ]
        factors.append(uniform(-self.hue, self.hue, photos, generator))
        # A random permutation of the four operations for each photo.
        order = torch.rand(len(photos), 4, generator=generator).argsort(dim=1)
        for position in range(4):
            for operation, (change, factor) in enumerate(zip(COLOR_CHANGES, factors, strict=True)):
                chosen = (order[:, position] == operation).nonzero()[:, 0]
                if len(chosen):
                    index = chosen.to(photos.device, non_blocking=True)
                    photos[index] = change(photos[index], factor[index])
        return photos


@transform("grayscale")
@dataclass(frozen=True)
class Grayscale(Transform):
    """torchvision RandomGrayscale: drop a photo's colour with a probability (0..1)."""

    probability: float = 0.1

    def __post_init__(self) -> None:
        require(0 <= self.probability <= 1, f"probability {self.probability} is not between 0 and 1")

    def __call__(self, photos: Tensor, generator: Generator) -> Tensor:
        chosen = chance(self.probability, photos, generator)
        photos[chosen] = luma(photos[chosen]).expand(-1, 3, -1, -1)
        return photos


@transform("normalize")
@dataclass(frozen=True)
class Normalize(Transform):
    """torchvision Normalize: subtract a mean and divide by a deviation, for each channel (0..1 units)."""

    random: ClassVar[bool] = False

    mean: Sequence[float] = (0.485, 0.456, 0.406)
    std: Sequence[float] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        require(len(self.mean) == 3 and len(self.std) == 3, "mean and std need three values each")
        require(min(self.std) > 0, f"std {list(self.std)} has a value that is not above 0")

    def __call__(self, photos: Tensor, generator: Generator) -> Tensor:  # noqa: ARG002
        mean, std = (photos.new_tensor(values).view(3, 1, 1) for values in (self.mean, self.std))
        return photos.sub_(mean).div_(std)


def build(steps: Sequence[tuple[str, dict[str, Any]]], *, training: bool) -> list[Transform]:
    """Return the transforms of an augmentation; without the random ones unless `training`."""
    transforms = [TRANSFORMS[name](**parameters) for name, parameters in steps]
    return [step for step in transforms if training or not step.random]


def resolve(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return a transform's parameters with its defaults filled in, in builtin types.

    Raises ValueError for an unknown name, an unknown parameter or a value out of range.
    """
    require(name in TRANSFORMS, f"unknown transform {name!r}; one of: {', '.join(TRANSFORMS)}")
    cls = TRANSFORMS[name]
    known = list(cls.__dataclass_fields__)  # type: ignore[attr-defined]
    for key, value in parameters.items():
        require(key in known, f"{name} has no parameter {key!r}; it has: {', '.join(known)}")
        numbers = value if isinstance(value, (list, tuple)) else [value]
        require(
            all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers),
            f"{key} is {value!r}, not a number (write 0.001 or 1.0e-3: YAML reads 1e-3 as text)",
        )
        require(all(map(math.isfinite, numbers)), f"{key} is {value!r}, not finite")
        is_list, wants_list = isinstance(value, (list, tuple)), key in ("mean", "std")
        require(
            is_list == wants_list,
            f"{key} must be {'a list of three numbers' if wants_list else 'one number'}",
        )
    values = asdict(cls(**parameters))  # type: ignore[call-overload]
    return {
        key: list(map(float, v)) if isinstance(v, (list, tuple)) else float(v) for key, v in values.items()
    }


def to_unit(photos: Tensor) -> Tensor:
    """Turn uint8 photos N x H x W x 3 into float32 N x 3 x H x W in 0..1, channels last in memory."""
    import torch

    return photos.permute(0, 3, 1, 2).to(torch.float32).div_(255)


def uniform(low: float, high: float, photos: Tensor, generator: Generator) -> Tensor:
    """Draw one number in low..high for each photo, shaped N x 1 x 1 x 1, on the photos' device."""
    import torch

    numbers = torch.rand(len(photos), 1, 1, 1, generator=generator) * (high - low) + low
    return numbers.to(photos.device, non_blocking=True)


def chance(probability: float, photos: Tensor, generator: Generator) -> Tensor:
    """Choose each photo with a probability; return the chosen ones' indices on the photos' device."""
    import torch

    chosen = (torch.rand(len(photos), generator=generator) < probability).nonzero()[:, 0]
    return chosen.to(photos.device, non_blocking=True)


def luma(photos: Tensor) -> Tensor:
    """Return ITU-R 601-2 luma, N x 1 x H x W, with torchvision's rounded weights."""
    red, green, blue = photos.unbind(1)
    return (0.2989 * red + 0.587 * green + 0.114 * blue).unsqueeze(1)


def brightness(photos: Tensor, factor: Tensor) -> Tensor:
    """torchvision adjust_brightness: scale by a factor, clamp to 0..1."""
    return (photos * factor).clamp_(0, 1)


def contrast(photos: Tensor, factor: Tensor) -> Tensor:
    """torchvision adjust_contrast: blend with the photo's mean luma, clamp to 0..1."""
    mean = luma(photos).mean(dim=(1, 2, 3), keepdim=True)
    return (photos * factor).add_(mean * (1 - factor)).clamp_(0, 1)


def saturation(photos: Tensor, factor: Tensor) -> Tensor:
    """torchvision adjust_saturation: blend with luma, clamp to 0..1."""
    return (photos * factor).add_(luma(photos) * (1 - factor)).clamp_(0, 1)


def hue(photos: Tensor, turns: Tensor) -> Tensor:
    """torchvision adjust_hue: turn the hue of HSV by a fraction of the colour circle.

    RGB to HSV as in Smith, "Color gamut transform pairs" (SIGGRAPH 1978); back by the form
    V - chroma * clamp(min(k, 4 - k), 0, 1) with k = (n + 6 hue) mod 6 and n = 5, 3, 1, which needs no
    branch on the hue's sextant.
    """
    import torch

    red, green, blue = photos.unbind(1)
    value = photos.amax(1)
    chroma = value - photos.amin(1)
    safe = torch.where(chroma == 0, 1, chroma)
    sextant = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    sextant = sextant + 6 * turns.squeeze(1)
    channels = []
    for offset in (5.0, 3.0, 1.0):
        k = (sextant + offset).remainder_(6)
        channels.append(value - chroma * torch.minimum(k, 4 - k).clamp_(0, 1))
    return torch.stack(channels, dim=1)


COLOR_CHANGES: tuple[Callable[[Tensor, Tensor], Tensor], ...] = (brightness, contrast, saturation, hue)


def rotate(photos: Tensor, degrees: Tensor) -> Tensor:
    """torchvision rotate: counter-clockwise about the centre, nearest neighbour, zeros outside."""
    from torch.nn import functional

    return functional.grid_sample(
        photos,
        rotation_grid(degrees.flatten(), photos),
        mode="nearest",
        padding_mode="zeros",
        align_corners=False,
    )


def rotation_grid(degrees: Tensor, photos: Tensor) -> torch.Tensor:
    """Return where each output pixel comes from, N x H x W x 2, in grid_sample's -1..1 coordinates."""
    import torch
    from torch.nn import functional

    height, width = photos.shape[-2:]
    radians = degrees * (math.pi / 180)
    cos, sin, zero = radians.cos(), radians.sin(), torch.zeros_like(radians)
    # The turn happens in pixels; the ratios undo that -1..1 spans different lengths in x and y.
    rows = [cos, -sin * (height / width), zero, sin * (width / height), cos, zero]
    theta = torch.stack(rows, dim=1).view(-1, 2, 3)
    return functional.affine_grid(theta, list(photos.shape), align_corners=False)
