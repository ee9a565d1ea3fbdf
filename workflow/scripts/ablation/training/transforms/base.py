"""What transforms are made of: drawing a number for each photo, and changing some photos of a batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from torch import Generator, Tensor

# What a transform draws for each photo of a batch: tensors with a row for each.
Drawn = tuple["Tensor", ...]


class Transform(ABC):
    """One step of an augmentation; `random` steps are left out when validating.

    One that `takes_any_values` may follow normalize, which leaves the range 0..1.
    """

    random: ClassVar[bool] = True
    takes_any_values: ClassVar[bool] = False

    def draw(self, count: int, generator: Generator) -> Drawn:  # noqa: ARG002
        """Draw the parameters of `count` photos: CPU tensors with a row for each."""
        return ()

    @abstractmethod
    def apply(self, photos: Tensor, drawn: Drawn) -> Tensor:
        """Return photos (N x 3 x H x W float) transformed; may change its argument in place."""


def require(condition: bool, message: str) -> None:
    """Raise ValueError(message) unless the condition holds."""
    if not condition:
        raise ValueError(message)


def uniform(low: float, high: float, count: int, generator: Generator) -> Tensor:
    """Draw numbers in low..high."""
    import torch

    return torch.rand(count, generator=generator) * (high - low) + low


def chance(probability: float, count: int, generator: Generator) -> Tensor:
    """Draw booleans that are true with a probability."""
    import torch

    return torch.rand(count, generator=generator) < probability


def change_marked(photos: Tensor, marks: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Return photos, those changed that booleans on the CPU mark.

    Writing by index would take CUDA, if it is to repeat its bytes, a sort.
    """
    import torch

    marked = marks.tolist()
    if all(marked):
        return change(photos)
    if any(marked):
        return torch.where(beside(photos, marks, -1, 1, 1, 1), change(photos), photos)
    return photos


def arranged(lying: list[int], wanted: list[int], *tensors: Tensor) -> Sequence[Tensor]:
    """Return tensors with their rows in another order; `lying` and `wanted` say which photo is where."""
    import torch

    if lying == wanted:
        return tensors
    place = {photo: row for row, photo in enumerate(lying)}
    index = beside(tensors[0], torch.tensor([place[photo] for photo in wanted]), -1)
    return [rows[index] for rows in tensors]


def apply_chosen(
    photos: Tensor,
    settings: Tensor,
    chosen: Sequence[Sequence[int]],
    operations: Sequence[Callable[[Tensor, Tensor], Tensor]],
) -> Tensor:
    """Apply to each photo, step by step, the operation that is chosen for it.

    `settings`, on the CPU, is N x steps x K: an operation gets n photos that have it now, and their K numbers
    as n x K x 1 x 1. `chosen` has for each step the places in `operations` of the photos' ones.
    """
    import torch

    settings = beside(photos, settings, *settings.shape, 1, 1)
    given = list(range(len(photos)))
    lying = given
    for step, places in enumerate(chosen):
        kinds = sorted(set(places))
        if len(kinds) == 1:
            photos = operations[kinds[0]](photos, settings[:, step])
            continue
        # Those that have the same operation now, side by side.
        wanted = sorted(given, key=places.__getitem__)
        photos, settings = arranged(lying, wanted, photos, settings)
        lying, pieces, stop = wanted, [], 0
        for kind in kinds:
            start, stop = stop, stop + places.count(kind)
            pieces.append(operations[kind](photos[start:stop], settings[start:stop, step]))
        photos = torch.cat(pieces)
    return arranged(lying, given, photos)[0]


def beside(photos: Tensor, values: Tensor, *shape: int) -> Tensor:
    """Return a CPU tensor in another shape, on the photos' device; the CPU does not wait for the copy."""
    return values.view(*shape).to(photos.device, non_blocking=True)
