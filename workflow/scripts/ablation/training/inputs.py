"""What a network or its head computes on, batch by batch: augmented photos, or features of photos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ablation.photos.pack import Pack
from ablation.spec import Spec
from ablation.training.augmentation import augmented, build, draw, part
from ablation.training.distributed.group import ALONE, Group
from ablation.training.loader import Photos
from ablation.training.mixing import Mixing, with_partners
from ablation.training.side_stream import SideStream
from ablation.training.streams import Streams
from ablation.training.transforms.base import Transform

# The index of a batch, this process's part of its inputs, and that part's labels, or where photos are mixed
# the shares of classes in them.
Batch = tuple[Tensor, Tensor, Tensor]


class Inputs(Protocol):
    """Inputs with their int64 labels, which lie on the training's device."""

    @property
    def labels(self) -> Tensor:
        """One for each input."""

    def batches(self, indices: Iterable[Tensor], streams: Streams, group: Group = ALONE) -> Iterator[Batch]:
        """Yield the batches of these indices (on the CPU); what is random in them comes from `streams`."""


@dataclass(frozen=True)
class Augmented:
    """Photos, float32 N x 3 x H x W, transformed anew each time, and then mixed if a spec says so."""

    photos: Photos
    transforms: Sequence[Transform]
    mixing: Mixing | None = None
    side: SideStream | None = None

    @classmethod
    def of(
        cls, pack: Pack, spec: Spec, *, training: bool, device: torch.device, resident: bool = False
    ) -> Augmented:
        """Choose the training or the validation photos of a pack; the latter without what is random.

        `resident` puts them into the device's memory.
        """
        photos = Photos.of(pack, training=training, device=device, resident=resident)
        mixing = Mixing.of(spec, len(pack.categories)) if training else None
        side = SideStream(device) if training and device.type == "cuda" else None
        return cls(photos, build(spec.augmentation, training=training), mixing, side)

    @property
    def labels(self) -> Tensor:
        """The photos' labels."""
        return self.photos.labels

    @property
    def repeats(self) -> bool:
        """Tell whether a photo is the same each time."""
        return not self.mixing and not any(step.random for step in self.transforms)

    def batches(self, indices: Iterable[Tensor], streams: Streams, group: Group = ALONE) -> Iterator[Batch]:
        """Yield photos; each process draws for the whole batch."""
        made = self.made(indices, streams, group)
        return self.side.beside(made) if self.side else made

    def made(self, indices: Iterable[Tensor], streams: Streams, group: Group) -> Iterator[Batch]:
        """Yield what `batches` does, made on the current stream."""
        rows = with_partners(group.shard) if self.mixing else group.shard
        for index, (pixels, labels) in self.photos.batches(indices, rows):
            count = len(index)
            drawn = part(draw(self.transforms, count, streams.augmentation), rows(count))
            photos, targets = augmented(pixels, self.transforms, drawn), labels
            if self.mixing:
                height, width = photos.shape[2:]
                way = self.mixing.draw(height, width, streams.mixing)
                own = group.shard(count)
                photos, targets = self.mixing.mixed(photos, labels, way, own.stop - own.start)
            yield index, photos, targets


@dataclass(frozen=True)
class Features:
    """What a frozen network makes of photos that are the same each time: N x features, computed once."""

    values: Tensor
    labels: Tensor

    def batches(
        self,
        indices: Iterable[Tensor],
        streams: Streams,  # noqa: ARG002
        group: Group = ALONE,
    ) -> Iterator[Batch]:
        """Yield rows of the features."""
        for index in indices:
            own = index[group.shard(len(index))].to(self.labels.device, non_blocking=True)
            yield index, self.values[own], self.labels[own]


def in_order(inputs: Inputs, order: Tensor, size: int, group: Group = ALONE) -> Iterator[Batch]:
    """Yield the inputs of these indices (on the CPU) in batches of `size`; nothing in them may be random."""
    yield from inputs.batches(order.split(size), Streams.of(0), group)
