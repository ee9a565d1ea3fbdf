"""A training step as CUDA graphs: recorded once for each size of batch, then launched as a whole.

A step of a small network is hundreds of kernels, and launching them one by one takes a CPU longer than a fast
GPU computes. "CUDA Graphs" in PyTorch's notes on CUDA says what a graph may hold.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from torch import Tensor

from ablation.running import console, environment
from ablation.training.distributed.group import Group

# A batch's photos and targets (labels, or shares of classes) -> what the step found, all on its device.
Step = Callable[[Tensor, Tensor], tuple[Tensor, ...]]
# Returns what replays a step of batches like these; raises RuntimeError for one that cannot be recorded.
Recorder = Callable[[Step, Tensor, Tensor], Step]


def wanted(device: torch.device, group: Group) -> bool:
    """Tell whether a training records its steps: on a GPU of its own process, unless `speed` is eager.

    Not with several processes, whose gradients travel in the middle of a step.
    """
    auto = os.environ.get(environment.SPEED, "auto") == "auto"
    return device.type == "cuda" and group.size == 1 and auto


class Graphs:
    """A step to be called as the plain one, with the same values: recorded at the second batch of each size.

    The first batch of a size is trained as ever, in which libraries choose their algorithms and an optimizer
    makes its state. Where a step cannot be recorded, one line says so and all batches are trained as ever;
    `forget` clears what a broken recording left of it.
    """

    def __init__(self, step: Step, forget: Callable[[], None], record: Recorder) -> None:
        self.step, self.forget, self.record = step, forget, record
        self.seen: set[int] = set()
        self.recorded: dict[int, Step] = {}
        self.works = True

    def __call__(self, photos: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        """Take a step; what it returns holds until the next call."""
        count = len(photos)
        if self.works and count in self.seen and count not in self.recorded:
            try:
                self.recorded[count] = self.record(self.step, photos, labels)
            except RuntimeError as error:
                self.works = False
                self.recorded.clear()
                self.forget()
                reason = str(error).partition("\n")[0]
                console.line(f"trains without CUDA graphs, which cannot hold this step: {reason}")
        self.seen.add(count)
        return self.recorded.get(count, self.step)(photos, labels)


class CudaRecorder:
    """Records steps on the current GPU; those of one training share the memory of what they compute."""

    def __init__(self) -> None:
        self.pool = torch.cuda.graph_pool_handle()

    def __call__(self, step: Step, photos: Tensor, labels: Tensor) -> Step:
        """Record a step without computing it; return what replays it on a batch of the same size."""
        inputs = photos.clone(), labels.clone()
        graph = torch.cuda.CUDAGraph()
        # The thread that reads photos ahead may take memory meanwhile.
        with torch.cuda.graph(graph, pool=self.pool, capture_error_mode="thread_local"):
            outputs = step(*inputs)

        def replay(photos: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
            for place, values in zip(inputs, (photos, labels), strict=True):
                place.copy_(values)
            graph.replay()
            return outputs

        return replay
