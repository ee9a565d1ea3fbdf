"""Reading the next batch while the current one computes, and taking it to a GPU meanwhile."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

# One is filled while the other is copied.
BUFFERS = 2

Item = TypeVar("Item")
Found = TypeVar("Found")
Batch = tuple[Tensor, Tensor]


def read_ahead(read: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[tuple[Item, Found]]:
    """Yield each item with what `read` makes of it, in order; a thread reads the next while the caller works.

    The caller's thread takes the items, one ahead. What `read` raises is raised here, in its turn. However
    this ends, it waits for the read in progress and begins no other.
    """
    thread = ThreadPoolExecutor(1, "read ahead")
    try:
        reads = ((item, thread.submit(read, item)) for item in items)
        coming = next(reads, None)
        while coming:
            (item, found), coming = coming, next(reads, None)
            yield item, found.result()
    finally:
        thread.shutdown(cancel_futures=True)


class Staging:
    """Page-locked memory and a stream, by which batches come to a GPU while it computes.

    A copy from page-locked memory waits for nothing, and one on a stream of its own not for the computing.
    One for all passes over the photos: PyTorch keeps the memory that it gives back to each stream apart.
    """

    def __init__(self, device: torch.device) -> None:
        self.device, self.stream = device, torch.cuda.Stream(device)
        # With the event that its last copy has ended; `blocking` lets the thread sleep until then.
        self.buffers = deque(
            (torch.empty(0, dtype=torch.uint8), torch.cuda.Event(blocking=True)) for _ in range(BUFFERS)
        )

    def memory(self, shape: tuple[int, ...]) -> Tensor:
        """Return page-locked memory, uint8 of this shape, to read the next batch into.

        Waits until the last copy from there has ended.
        """
        self.buffers.rotate()
        buffer, copied = self.buffers[0]
        copied.synchronize()
        size = math.prod(shape)
        if len(buffer) < size:
            buffer = torch.empty(size, dtype=torch.uint8, pin_memory=True)
            self.buffers[0] = buffer, copied
        return buffer[:size].view(shape)

    def ahead(
        self, read: Callable[[Tensor], Batch], indices: Iterable[Tensor]
    ) -> Iterator[tuple[Tensor, Batch]]:
        """Read ahead: `read` fills `memory` and queues the copies. The caller's thread waits for no copy."""

        def send(index: Tensor) -> tuple[Batch, torch.cuda.Event]:
            with torch.cuda.stream(self.stream):
                batch = read(index)
                _, copied = self.buffers[0]
                copied.record(self.stream)
            return batch, copied

        for index, (batch, copied) in read_ahead(send, indices):
            computing = torch.cuda.current_stream(self.device)
            computing.wait_event(copied)
            for tensor in batch:
                # Else its memory would be the next batch's when Python drops it, perhaps before it is used.
                tensor.record_stream(computing)
            yield index, batch
