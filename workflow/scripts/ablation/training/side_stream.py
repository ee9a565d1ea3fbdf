"""Making the next batch on a stream of its own, while a GPU computes the current one.

A network's step leaves parts of a fast GPU idle, and augmentation is hundreds of small kernels: side by side
they take less time than one after the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TypeVar

import torch

# Batches that are computed on or wait for it; more would fill memory as far as Python runs ahead of the GPU.
HELD = 2

Batch = TypeVar("Batch")


class SideStream:
    """A stream beside the one that computes.

    One for all epochs: PyTorch keeps the memory that it gives back to each stream apart.
    """

    def __init__(self, device: torch.device) -> None:
        self.device, self.stream = device, torch.cuda.Stream(device)

    def beside(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Yield batches whose making is queued on the side: the computing stream waits, and no thread does.

        The memory of a batch is a later one's only after what the caller queued before it asked for the next.
        """
        computing, held = torch.cuda.current_stream(self.device), deque[tuple[torch.cuda.Event, Batch]]()
        # What batches are made of may be in the making itself, or memory of the last epoch's in use.
        self.stream.wait_stream(computing)
        while True:
            if len(held) == HELD:
                used, _ = held.popleft()
                self.stream.wait_event(used)
                del _
            with torch.cuda.stream(self.stream):
                batch = next(batches, None)
                made = self.stream.record_event()
            if batch is None:
                return
            computing.wait_event(made)
            yield batch
            held.append((computing.record_event(), batch))
            del batch
