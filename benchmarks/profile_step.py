"""Where the time of a training step goes, by PyTorch's operators, and how near it is to the hardware's peak.

    .venv/bin/python benchmarks/profile_step.py alexnet 16 192 1

The arguments are backbone, batch size, side in pixels and threads.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "workflow/scripts"), str(Path(__file__).parent)]
import time

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from ablation import device, training
from workers import network, spec

STEPS = 5
SIDE = 2048
backbone, batch, side, threads = sys.argv[1], *map(int, sys.argv[2:])
device.keep_memory()
training.make_reproducible(0, threads)
recipe = replace(spec(backbone, 1), batch_size=batch, image_size=side)
state = training.Training(network(backbone, 12), recipe, 10**6, torch.device("cpu"))
state.net.train()
photos = torch.randn(batch, 3, side, side).to(memory_format=torch.channels_last)
labels = torch.randint(12, (batch,))
with FlopCounterMode(display=False) as counted:
    state.step(photos, labels)


def seconds_of(run: Callable[[], object]) -> float:
    """Return the shortest time of some calls, after two that grow the memory."""
    times = []
    for _ in range(STEPS + 2):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times[2:])


seconds = seconds_of(lambda: state.step(photos, labels))
# For its shares only: it makes steps slower.
with profile(activities=[ProfilerActivity.CPU]) as found:
    for _ in range(STEPS):
        state.step(photos, labels)

precision = device.resolve_precision(recipe.precision, torch.device("cpu"))
peaks = {}
for kind, dtype in (("bf16", torch.bfloat16), ("fp32", torch.float32)):
    matrix = torch.randn(SIDE, SIDE, dtype=dtype)
    peaks[kind] = 2 * SIDE**3 / seconds_of(partial(torch.mm, matrix, matrix))
numbers = torch.empty(2**27)
speed = 2 * numbers.nbytes / seconds_of(lambda: numbers.mul_(1.5))
reached = counted.get_total_flops() / seconds
parameters = sum(row.numel() for row in state.rows)
print(f"{backbone}, batch {batch}, {side} px, {threads} threads, {precision}: {seconds * 1e3:.0f} ms a step")
print(f"{counted.get_total_flops() / 1e9:.0f} GFLOP a step: {reached / 1e9:.0f} GFLOP/s,", end=" ")
print(f"{reached / peaks[precision]:.2f} of what a product of two matrices of {SIDE} x {SIDE} reaches")
print("such a product:", ", ".join(f"{peak / 1e9:.0f} GFLOP/s in {kind}" for kind, peak in peaks.items()))
print(f"{parameters:,} parameters; memory: {speed / 1e9:.1f} GB/s read and written")
events = sorted(found.key_averages(), key=lambda event: -event.self_cpu_time_total)
total = sum(event.self_cpu_time_total for event in events)
for event in events[:12]:
    print(f"{event.self_cpu_time_total / total:6.1%}  {event.key}")
