"""The training or the validation photos of a pack, batch by batch, on the training's device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ablation.photos.pack import Pack, Pixels
from ablation.training.distributed.group import ALONE
from ablation.training.read_ahead import Batch, Staging

# Bounds the host's memory while photos go to a GPU.
PHOTOS_AT_ONCE = 256


@dataclass(frozen=True)
class Photos:
    """The training or the validation photos of a pack: `pixels[rows]` and int64 `labels`.

    `pixels` is uint8 N x H x W x 3: a tensor on the device if the photos fit into its memory, else the
    pack's file, of which the system keeps in memory what is used and fits. From there they come to a GPU by
    `staging`.
    """

    pixels: Tensor | Pixels
    rows: Tensor
    labels: Tensor
    staging: Staging | None = None

    @classmethod
    def of(cls, pack: Pack, *, training: bool, device: torch.device, resident: bool = False) -> Photos:
        """Choose the training or the validation photos of a pack.

        `resident` puts them into the device's memory.
        """
        rows = torch.from_numpy(np.flatnonzero(pack.training if training else pack.validating))
        labels = torch.from_numpy(pack.labels)[rows].to(device)
        if not resident:
            return cls(pack.photos, rows, labels, Staging(device) if device.type == "cuda" else None)
        pixels = torch.empty((len(rows), *pack.photos.shape[1:]), dtype=torch.uint8, device=device)
        # In parts: the host may not have the memory for a second copy of all.
        for some, there in zip(rows.split(PHOTOS_AT_ONCE), pixels.split(PHOTOS_AT_ONCE), strict=True):
            there.copy_(torch.from_numpy(pack.photos[some.numpy()]))
        return cls(pixels, torch.arange(len(rows), device=device), labels)

    def __len__(self) -> int:
        return len(self.labels)

    def batches(
        self, indices: Iterable[Tensor], rows: Callable[[int], slice | Tensor] = ALONE.shard
    ) -> Iterator[tuple[Tensor, Batch]]:
        """Yield each batch's index with what `batch` returns for the rows of it that this process takes.

        `rows` returns them for a batch of so many photos. What comes to a GPU by `staging` is read while the
        batch before it computes.
        """

        def read(index: Tensor) -> Batch:
            return self.batch(index[rows(len(index))])

        if self.staging:
            return self.staging.ahead(read, indices)
        return ((index, read(index)) for index in indices)

    def batch(self, index: Tensor) -> Batch:
        """Return pixels and labels of the photos at `index` (on the CPU), on the training's device."""
        device = self.labels.device
        there = index.to(device, non_blocking=True)
        if isinstance(self.pixels, Tensor):
            return self.pixels[self.rows[there]], self.labels[there]
        shape = (len(index), *self.pixels.shape[1:])
        pixels = self.staging.memory(shape) if self.staging else torch.empty(shape, dtype=torch.uint8)
        # The rows are right; unless told to clip them, numpy writes to memory of its own first.
        np.take(self.pixels, self.rows[index].numpy(), axis=0, out=pixels.numpy(), mode="clip")
        return pixels.to(device, non_blocking=True), self.labels[there]
