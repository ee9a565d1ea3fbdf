"""The processes of one training, each with a slice of every batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch import distributed as dist


@dataclass
class Group:
    """The processes of one training: this one's rank, from 0, and how many there are.

    All processes call `any`, `sum` and `gather` equally often and in the same order. `batch` is how many
    photos the batch that is being trained has in all processes together; the layers below read it.
    """

    rank: int = 0
    size: int = 1
    batch: int = 0

    @property
    def first(self) -> bool:
        """Tell whether this is the process that writes files and speaks."""
        return self.rank == 0

    def shard(self, count: int, rank: int | None = None) -> slice:
        """Return which of `count` rows are this process's (or another's): a run of them, perhaps empty.

        In the order of ranks the runs make up all rows, and their lengths differ by one at most.
        """
        rank = self.rank if rank is None else rank
        return slice(rank * count // self.size, (rank + 1) * count // self.size)

    def any(self, flag: bool) -> bool:
        """Tell whether the flag is true in any process; waits for all of them, but for no GPU."""
        return bool(self.sum(torch.tensor(int(flag)))) if self.size > 1 else flag

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum over the processes, the same bytes in each."""
        if self.size > 1:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def gather(self, own: Tensor, count: int) -> Tensor:
        """Return `count` rows, of which `own` are those of this process's shard, in order."""
        if self.size == 1:
            return own
        rows = own.new_zeros((count, *own.shape[1:]))
        rows[self.shard(count)] = own
        # What one process has and zeros: unlike an all-gather, a sum takes shards of any length.
        return self.sum(rows)


ALONE = Group()
