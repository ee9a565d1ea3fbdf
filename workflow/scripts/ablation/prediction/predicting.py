"""Classify photo after photo, on all cores or on a GPU, in memory that does not grow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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

Item = TypeVar("Item")

# Photos of a batch on a GPU, and of one that a core computes: more of them leave its cache.
BATCH, FEW = 32, 4
# Batches that are decoded or being decoded, or computed, before they are taken.
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

    They compute in fp32, whatever they trained in: so a photo has the same probabilities on every machine, to
    some 1e-5, and those of an export. In bf16 they were up to 0.06 apart for photos of no class.
    """

    def __init__(self, members: Sequence[Trained], device: torch.device) -> None:
        """Move the networks to the device; raises UserError unless all have the same classes."""
        require_same_classes(members)
        self.classes = members[0].classes
        self.device = device
        self.members = list(members)
        self.ways = list(dict.fromkeys(one.preparation.way for one in members))
        # fp32 shall mean what it says: see training/reproducibility.py.
        torch.backends.cudnn.allow_tf32 = False
        for one in members:
            place(one.net, device)

    @property
    def calibrated(self) -> bool:
        """Tell whether all networks have a temperature."""
        return all(one.temperature is not None for one in self.members)

    @torch.inference_mode()
    def outputs(self, member: Trained, pixels: Pixels) -> Outputs:
        """Return what a network makes of uint8 N x size x size x 3: float32 N x classes."""
        values = member.preparation.values(torch.from_numpy(pixels).to(self.device))
        found: Outputs = member.net(values).cpu().numpy()
        return found

    def probabilities(self, pixels: dict[Way, Pixels]) -> Probabilities:
        """Return the mean of the networks' probabilities, float64 N x classes; `pixels` by way, N each."""
        each = [
            calibration.probabilities(self.outputs(one, pixels[one.preparation.way]), one.temperature or 1.0)
            for one in self.members
        ]
        mean: Probabilities = np.mean(each, axis=0)
        return mean

    def classified(self, some: Sequence[tuple[Photo, list[Pixels] | Broken]]) -> list[Classified | Broken]:
        """Return a batch of decoded photos with their probabilities; those that cannot be read stay so."""
        good = [pixels for _, pixels in some if not isinstance(pixels, Broken)]
        squares = {
            way: np.stack([pixels[place] for pixels in good]) for place, way in enumerate(self.ways) if good
        }
        found = iter(self.probabilities(squares) if good else ())
        return [
            pixels if isinstance(pixels, Broken) else Classified(one.name, next(found))
            for one, pixels in some
        ]


def classify(
    ensemble: Ensemble, photos: Iterable[Photo], threads: int | None = None
) -> Iterator[Classified | Broken]:
    """Yield each photo's probabilities, or why it cannot be read, in their order.

    `threads` are as many as cores if not given. Few batches of photos are decoded and wait.
    """
    count = threads or len(os.sched_getaffinity(0))
    ways = in_streams if ensemble.device.type == "cpu" else in_batches
    return ways(ensemble, photos, count)


def in_streams(
    ensemble: Ensemble, photos: Iterable[Photo], threads: int, batch: int = FEW
) -> Iterator[Classified | Broken]:
    """Let each of so many threads decode and compute photos by itself, with one core.

    A network that takes all cores at once waits at every layer for the last of them, and they for what
    decodes: on two cores EfficientNet-Lite0 took 1.6 times as long so (beside other work, 2026-11-27).
    """

    def stream(some: list[Photo]) -> list[Classified | Broken]:
        # Of this thread alone.
        torch.set_num_threads(1)
        return ensemble.classified([(one, decoded(ensemble, one)) for one in some])

    for found in ahead(stream, grouped(photos, batch), threads, AHEAD * threads):
        yield from found


def in_batches(
    ensemble: Ensemble, photos: Iterable[Photo], threads: int, batch: int = BATCH
) -> Iterator[Classified | Broken]:
    """Let so many threads decode while a GPU computes."""

    def decode(one: Photo) -> tuple[Photo, list[Pixels] | Broken]:
        return one, decoded(ensemble, one)

    for some in grouped(ahead(decode, photos, threads, AHEAD * batch), batch):
        yield from ensemble.classified(some)


def decoded(ensemble: Ensemble, one: Photo) -> list[Pixels] | Broken:
    """Return a photo's pixels, one array for each of an ensemble's ways, or why it cannot be read."""
    try:
        upright = photo(one.path)
    except UserError as error:
        return Broken(one.name, reason(error, one.path))
    return [way.pixels(upright) for way in ensemble.ways]


def grouped(items: Iterable[Item], count: int) -> Iterator[list[Item]]:
    """Yield lists of so many items, the last one of what is left (Python 3.12 has itertools.batched)."""
    source = iter(items)
    while some := list(islice(source, count)):
        yield some


def reason(error: UserError, path: Path) -> str:
    """Return why a photo cannot be read, without its path."""
    return error.reason if isinstance(error, BadPhoto) else str(error).removeprefix(f"{path} ")
