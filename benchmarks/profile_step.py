"""Where the time of a training step goes, by PyTorch's operators, and how near it is to the hardware's peak.

    .venv/bin/python benchmarks/profile_step.py alexnet 16 192 1

The arguments are backbone, batch size, side in pixels and threads; "adamw" for AlexNet's pretraining, which
uses that in place of SGD; "compared" to take the same steps with PyTorch's own layers too, in turns;
"rounded" to take them with outputs of the last layer in the precision of all others. The smallest form
(sizes.py) takes a batch and side of its own.
"""

from __future__ import annotations

import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path[:0] = [str(Path(__file__).parents[1] / "workflow/scripts"), str(Path(__file__).parent)]
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from ablation.training import memory, precision, reproducibility, state
from recipe import ADAMW, network, spec
from sizes import SIZES, say

aten = torch.ops.aten
ARITHMETIC = aten.mm, aten.addmm, aten.convolution, aten.convolution_backward


class Times(TorchDispatchMode):
    """Sums up the seconds of each operator, and the bytes that it reads and writes.

    torch.profiler changes what it measures: while it records, a step of ResNet-50 (64 photos of 224 px) takes
    1.5 GiB more memory, which the system has to clear first; alone it takes none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seconds: Counter[Any] = Counter()
        self.bytes: Counter[Any] = Counter()

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        started = time.perf_counter()
        result = func(*args, **(kwargs or {}))
        self.seconds[func.overloadpacket] += time.perf_counter() - started
        if not func.is_view:
            self.bytes[func.overloadpacket] += sum(map(size_of, (*tree_leaves(args), *tree_leaves(result))))
        return result


def size_of(value: Any) -> int:
    """Return the bytes of the numbers of a tensor, none of those that it repeats; 0 for anything else."""
    if not isinstance(value, Tensor):
        return 0
    sides = zip(value.shape, value.stride(), strict=True)
    return value.element_size() * math.prod(side for side, stride in sides if stride)


def operations_of_backward(
    gradient: Sequence[int], _photos: Sequence[int], weight: Sequence[int], *_: Any, **_known: Any
) -> int:
    """Return the operations of a convolution's gradients of photos and weights.

    PyTorch's own count takes grouped convolutions for dense ones.
    """
    return 2 * 2 * math.prod(gradient) * math.prod(weight[1:])


def seconds_of(run: Callable[[], object]) -> float:
    """Return the shortest time of some calls, after two that grow the memory."""
    times = []
    for _ in range(SIZES.steps + 2):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times[2:])


def layers_of_pytorch(net: nn.Module, _device: torch.device) -> nn.Module:
    """Lay a network out for the CPU, with the layers that its library gave it: in place of `place`."""
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


backbone, batch, side, threads = sys.argv[1], *map(int, sys.argv[2:5])
batch, side = SIZES.profiled or (batch, side)
memory.keep_memory()
reproducibility.make_reproducible(0, threads)
recipe = replace(spec(backbone, 1), batch_size=batch, image_size=side)
if "adamw" in sys.argv[5:]:
    recipe = replace(recipe, optimizer=ADAMW)


def training() -> state.Training:
    """Return a training of the network that is to be profiled."""
    made = state.Training(network(backbone, 12), recipe, 10**6, torch.device("cpu"))
    made.net.train()
    return made


def in_turns(theirs: state.Training) -> list[float]:
    """Return the shortest seconds of a step of ours and of another training, which take them in turns."""
    turns = []
    for _ in range(SIZES.steps + 1):
        turn = []
        for one in (ours, theirs):
            started = time.perf_counter()
            one.step(photos, labels)
            turn.append(time.perf_counter() - started)
        turns.append(turn)
    # The first one grows the memory.
    return [min(times) for times in zip(*turns[1:], strict=True)]


ours = training()
photos = torch.randn(batch, 3, side, side).to(memory_format=torch.channels_last)
labels = torch.randint(12, (batch,))
exact = {aten.convolution_backward: operations_of_backward}
with FlopCounterMode(display=False, custom_mapping=exact) as counted:
    ours.step(photos, labels)
seconds = seconds_of(lambda: ours.step(photos, labels))
timed, total = Times(), 0.0
for _ in range(SIZES.steps):
    # In turns, for the machine's speed changes. What lies between operators takes longer when they are timed.
    started = time.perf_counter()
    ours.step(photos, labels)
    total += time.perf_counter() - started
    with timed:
        ours.step(photos, labels)

precision = precision.resolve_precision(recipe.precision, torch.device("cpu"))
peaks = {}
for kind, dtype in (("bf16", torch.bfloat16), ("fp32", torch.float32)):
    matrix = torch.randn(SIZES.matrix, SIZES.matrix, dtype=dtype)
    peaks[kind] = 2 * SIZES.matrix**3 / seconds_of(partial(torch.mm, matrix, matrix))
numbers = torch.empty(SIZES.vector)
speed = 2 * numbers.nbytes / seconds_of(lambda: numbers.mul_(1.5))
reached = counted.get_total_flops() / seconds
parameters = sum(row.numel() for row in ours.rows)
say()
print(f"{backbone}, batch {batch}, {side} px, {threads} threads, {precision}: {seconds * 1e3:.0f} ms a step")
print(f"{counted.get_total_flops() / 1e9:.0f} GFLOP a step: {reached / 1e9:.0f} GFLOP/s,", end=" ")
square = f"{SIZES.matrix} x {SIZES.matrix}"
print(f"{reached / peaks[precision]:.2f} of what a product of two matrices of {square} reaches")
print("such a product:", ", ".join(f"{peak / 1e9:.0f} GFLOP/s in {kind}" for kind, peak in peaks.items()))
print(f"{parameters:,} parameters; memory: {speed / 1e9:.1f} GB/s read and written")
arithmetic = sum(timed.seconds[operator] for operator in ARITHMETIC)
print(f"products and convolutions: {arithmetic / total:.1%} of the step")
operations = counted.get_flop_counts()["Global"]
limits = Counter()
for operator, read in timed.bytes.items():
    limits[operator] = max(read / SIZES.steps / speed, operations.get(operator, 0) / peaks[precision])
for operator, taken in timed.seconds.most_common(12):
    gigabytes = timed.bytes[operator] / SIZES.steps / 1e9
    rate = f"{gigabytes:5.2f} GB, {timed.bytes[operator] / taken / 1e9:5.1f} GB/s"
    work = operations.get(operator, 0) * SIZES.steps / taken / 1e9
    print(f"{taken / total:6.1%}  {rate}  {f'{work:4.0f} GFLOP/s' if work else ' ' * 12}  {operator}")
least = sum(limits.values())
print(f"each operator as fast as that product or as memory: {least * 1e3:.0f} ms")
if "rounded" in sys.argv[5:]:
    with patch.object(state, "keep_logits_exact"):
        fastest = in_turns(training())
    print(f"{fastest[0] / fastest[1]:.3f} of the time with outputs in {precision}, in turns", end=" ")
    print(f"({fastest[0] * 1e3:.1f} and {fastest[1] * 1e3:.1f} ms)")
if "compared" in sys.argv[5:]:
    with patch.object(state, "place", layers_of_pytorch):
        theirs = training()
    fastest = in_turns(theirs)
    with Times() as timed:
        theirs.step(photos, labels)
    arithmetic, total = sum(timed.seconds[one] for one in ARITHMETIC), sum(timed.seconds.values())
    print(f"{fastest[1] / fastest[0]:.2f} times as fast as with PyTorch's own layers, in turns", end=" ")
    print(f"({fastest[0] * 1e3:.0f} and {fastest[1] * 1e3:.0f} ms)")
    print(f"products and convolutions with those: {arithmetic / total:.1%} of the operators' time")
