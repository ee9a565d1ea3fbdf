"""How a photo becomes what a network saw in validation, by the very code that its training used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from torch import Generator, Tensor

from ablation.photos import resizing
from ablation.photos.pack import Pixels
from ablation.training import augmentation
from ablation.training.transforms.base import Transform


@dataclass(frozen=True)
class Way:
    """How photos become square: `size` pixels, in one of `resizing.WAYS`, with one of Pillow's filters."""

    size: int
    resize: str
    interpolation: str

    def pixels(self, photo: Image.Image) -> Pixels:
        """Return a photo that `photos.photo` opened as a pack has it: uint8 size x size x 3."""
        return np.asarray(resizing.square(photo, self.size, self.resize, self.interpolation))


@dataclass(frozen=True)
class Preparation:
    """A way to square pixels, and what follows until the network has them: the spec's steps, none random."""

    way: Way
    steps: Sequence[Transform]

    @classmethod
    def recorded(cls, about: dict[str, Any]) -> Preparation:
        """Return what a run's weight file says of it; raises KeyError if that was not yet recorded."""
        its = about["input"]
        steps = [(name, parameters) for name, parameters in about["steps"]]
        way = Way(its["size"], its["resize"], its["interpolation"])
        return cls(way, augmentation.build(steps, training=False))

    def values(self, pixels: Tensor) -> Tensor:
        """Return the network's input, float32 N x 3 x size x size, of uint8 N x size x size x 3."""
        drawn = augmentation.draw(self.steps, len(pixels), Generator())
        return augmentation.augmented(pixels, self.steps, drawn)
