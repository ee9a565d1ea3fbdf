"""Where the time of a step of GoogLeNet and of the augmentation goes, by kernels: kernels.txt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from ablation.training import augmentation, device, graphs, memory, reproducibility, state
from recipe import network, spec
from results import CORES, Row
from sizes import SIZES

BACKBONE, CLASSES, LINES = "googlenet", 219, 30


def measure(out: Path, _scratch: Path) -> Iterator[Row]:
    """One by one, since a recorded step is one launch: what the device computes is the same."""
    target = device.choose()
    memory.keep_memory()
    reproducibility.make_reproducible(0, CORES)
    recipe = spec(BACKBONE, 1)
    training = state.Training(network(BACKBONE, CLASSES), recipe, 10**6, target)
    if isinstance(training.compute, graphs.Graphs):
        training.compute = training.compute.step
    training.net.train()
    pixels = torch.randint(256, (SIZES.batch, SIZES.side, SIZES.side, 3), dtype=torch.uint8).to(target)
    labels = torch.randint(CLASSES, (SIZES.batch,)).to(target)
    steps, generator = augmentation.build(recipe.augmentation, training=True), torch.Generator()

    def augment() -> torch.Tensor:
        return augmentation.augmented(pixels, steps, augmentation.draw(steps, SIZES.batch, generator))

    batch = augment()
    text = []
    for what, call in (
        ("augmentation", augment),
        (f"a step of {BACKBONE}", lambda: training.step(batch, labels)),
    ):
        table, rows = profiled(what, call, target)
        text.append(f"{what}, {SIZES.batch} photos of {SIZES.side} px\n{table}")
        (out / "kernels.txt").write_text("\n".join(text), encoding="utf-8")
        yield from rows


def profiled(what: str, call: Callable[[], object], target: torch.device) -> tuple[str, list[Row]]:
    """Return a table of a call's kernels, and rows: its time, its kernels' time, how many."""
    seconds = [timed(call, target) for _ in range(SIZES.steps + 2)][2:]
    kinds = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (target.type == "cuda")
    with profile(activities=kinds) as found:
        timed(call, target)
    side, where = ("device", DeviceType.CUDA) if target.type == "cuda" else ("cpu", DeviceType.CPU)
    averages = found.key_averages()
    table = averages.table(sort_by=f"self_{side}_time_total", row_limit=LINES, max_name_column_width=70)
    # An operator of the CPU has the time of the kernels that it launched as well.
    kernels = [one for one in averages if one.device_type == where]
    busy = sum(getattr(one, f"self_{side}_time_total") for one in kernels) / 1e3
    rows = [
        Row.of(
            f"{what}, {SIZES.batch} photos",
            "from its start to its end",
            "ms",
            [one * 1e3 for one in seconds],
            None,
        ),
        Row.of(f"{what}, {SIZES.batch} photos", f"of its kernels ({side})", "ms", [busy], None),
    ]
    if target.type == "cuda":
        count = sum(one.count for one in kernels)
        rows.append(Row.of(f"{what}, {SIZES.batch} photos", "kernels", "launches", [count], None))
    return table, rows


def timed(call: Callable[[], object], target: torch.device) -> float:
    """Return the seconds that a call and all that it launched take."""
    if target.type == "cuda":
        torch.cuda.synchronize()
    began = time.perf_counter()
    call()
    if target.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began
