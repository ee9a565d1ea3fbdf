"""Classify photo after photo: threads decode while the network computes, in memory that does not grow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from ablation.photos.pack import Pixels
from ablation.photos.photo import BadPhoto, photo
from ablation.prediction.ahead import ahead
from ablation.prediction.preparation import Way
from ablation.prediction.trained import Trained, require_same_classes
from ablation.results import calibration
from ablation.results.calibration import Probabilities
from ablation.results.outputs import Outputs
from ablation.running.errors import UserError
from ablation.training.placement import place
from ablation.training.precision import autocast, native_bf16

Item = TypeVar("Item")

BATCH = 32
# Batches that are decoded or being decoded while one is computed.
AHEAD = 2


@dataclass(frozen=True)
class Photo:
    """A photo to classify: the name that stands for it in tables, and where it lies."""

    name: str
    path: Path


@dataclass(frozen=True)
class Classified:
    """A photo's probabilities, float64, one for each class, in their order."""

    name: str
    probabilities: Probabilities


@dataclass(frozen=True)
class Broken:
    """A photo that cannot be read, and why."""

    name: str
    why: str


class Ensemble:
    """Networks with the same classes, on a device, whose probabilities are averaged; mostly of one network.

    Each computes in the precision that it was trained in: bf16 only where the device has it in hardware.
    """

    def __init__(self, members: Sequence[Trained], device: torch.device) -> None:
        """Move the networks to the device; raises UserError unless all have the same classes."""
        require_same_classes(members)
        self.classes = members[0].classes
        self.device = device
        self.members = [replace(one, precision=self._precision(one)) for one in members]
        self.ways = list(dict.fromkeys(one.preparation.way for one in members))
        # fp32 shall mean what it says: see training/reproducibility.py.
        torch.backends.cudnn.allow_tf32 = False
        for one in members:
            place(one.net, device)

    @property
    def calibrated(self) -> bool:
        """Tell whether all networks have a temperature."""
        return all(one.temperature is not None for one in self.members)

    def _precision(self, one: Trained) -> str:
        return one.precision if native_bf16(self.device) else "fp32"

    @torch.inference_mode()
    def outputs(self, member: Trained, pixels: Pixels) -> Outputs:
        """Return what a network makes of uint8 N x size x size x 3: float32 N x classes."""
        values = member.preparation.values(torch.from_numpy(pixels).to(self.device))
        with autocast(member.precision, self.device):
            found: Outputs = member.net(values).float().cpu().numpy()
        return found

    def probabilities(self, pixels: dict[Way, Pixels]) -> Probabilities:
        """Return the mean of the networks' probabilities, float64 N x classes; `pixels` by way, N each."""
        each = [
            calibration.probabilities(self.outputs(one, pixels[one.preparation.way]), one.temperature or 1.0)
            for one in self.members
        ]
        mean: Probabilities = np.mean(each, axis=0)
        return mean


def classify(
    ensemble: Ensemble, photos: Iterable[Photo], threads: int | None = None, batch: int = BATCH
) -> Iterator[Classified | Broken]:
    """Yield each photo's probabilities, or why it cannot be read, in their order.

    `threads` decode (as many as cores if not given), and at most `AHEAD` batches of photos wait decoded.
    """

    def decode(one: Photo) -> tuple[Photo, list[Pixels] | Broken]:
        try:
            upright = photo(one.path)
        except UserError as error:
            return one, Broken(one.name, reason(error, one.path))
        return one, [way.pixels(upright) for way in ensemble.ways]

    count = threads or len(os.sched_getaffinity(0))
    for some in grouped(ahead(decode, photos, count, AHEAD * batch), batch):
        good = [pixels for _, pixels in some if not isinstance(pixels, Broken)]
        squares = {
            way: np.stack(its) for way, its in zip(ensemble.ways, zip(*good, strict=True), strict=False)
        }
        found = iter(ensemble.probabilities(squares) if good else ())
        for one, pixels in some:
            yield pixels if isinstance(pixels, Broken) else Classified(one.name, next(found))


def grouped(items: Iterable[Item], count: int) -> Iterator[list[Item]]:
    """Yield lists of so many items, the last one of what is left (Python 3.12 has itertools.batched)."""
    source = iter(items)
    while some := list(islice(source, count)):
        yield some


def reason(error: UserError, path: Path) -> str:
    """Return why a photo cannot be read, without its path."""
    return error.reason if isinstance(error, BadPhoto) else str(error).removeprefix(f"{path} ")
