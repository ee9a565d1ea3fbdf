"""The random numbers of a training: a stream for each of its uses, so that none depends on another."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from torch import Generator, Tensor


@dataclass(frozen=True)
class Streams:
    """Generators on the CPU: of the order of the photos, of what augments them and of how they are mixed.

    Trainings of one seed that differ in their augmentation or mixing alone see the same photos in the same
    order in all epochs, so that they are compared in pairs. Fresh heads and dropout draw from PyTorch's own.
    """

    order: Generator
    augmentation: Generator
    mixing: Generator

    @classmethod
    def of(cls, seed: int) -> Streams:
        """Derive all from one seed, 0 or more, as numpy spawns independent streams: `SeedSequence.spawn`."""
        names = [field.name for field in fields(cls)]
        children = np.random.SeedSequence(seed).spawn(len(names))
        seeds = [int(child.generate_state(1, np.uint64)[0]) for child in children]
        return cls(*(Generator().manual_seed(each) for each in seeds))

    def state_dict(self) -> dict[str, Tensor]:
        """Return where each stream is."""
        return {field.name: getattr(self, field.name).get_state() for field in fields(self)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on where `state_dict` was called."""
        for field in fields(self):
            getattr(self, field.name).set_state(state[field.name])
