"""Where the time of a training step goes, by PyTorch's operators, and how fast this machine moves memory.

    .venv/bin/python benchmarks/profile_step.py alexnet 16 192 1

The arguments are backbone, batch size, side in pixels and threads.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "workflow/scripts"), str(Path(__file__).parent)]
from ablation import environment

if not set(environment.KEEP_MEMORY) <= set(os.environ):
    # The allocator reads its settings once, when a process starts.
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **environment.KEEP_MEMORY})

import time

import torch
from torch.profiler import ProfilerActivity, profile

from ablation import device, training
from workers import network, spec

STEPS = 5
backbone, batch, side, threads = sys.argv[1], *map(int, sys.argv[2:])
training.make_reproducible(0, threads)
recipe = replace(spec(backbone, 1), batch_size=batch, image_size=side)
state = training.Training(network(backbone, 12), recipe, 10**6, torch.device("cpu"))
state.net.train()
photos = torch.randn(batch, 3, side, side).to(memory_format=torch.channels_last)
labels = torch.randint(12, (batch,))
for _ in range(3):
    state.step(photos, labels)
with profile(activities=[ProfilerActivity.CPU]) as found:
    started = time.perf_counter()
    for _ in range(STEPS):
        state.step(photos, labels)
    seconds = (time.perf_counter() - started) / STEPS

numbers = torch.empty(2**27)
numbers.copy_(numbers.clone())
started = time.perf_counter()
numbers.mul_(1.5)
speed = 2 * numbers.nbytes / (time.perf_counter() - started)
parameters = sum(row.numel() for row in state.rows)
precision = device.resolve_precision(recipe.precision, torch.device("cpu"))
print(f"{backbone}, batch {batch}, {side} px, {threads} threads, {precision}: {seconds * 1e3:.0f} ms a step")
print(f"{parameters:,} parameters; memory: {speed / 1e9:.1f} GB/s read and written")
events = sorted(found.key_averages(), key=lambda event: -event.self_cpu_time_total)
total = sum(event.self_cpu_time_total for event in events)
for event in events[:12]:
    print(f"{event.self_cpu_time_total / total:6.1%}  {event.key}")
