"""Training images a second: ours, the limit of the hardware, a script written by hand, timm's step."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch

import photos
from commands import in_turns
from results import CORES, Row, compared
from sizes import SIZES
from trainers import Trainer


def measure(folder: Path, given: Path | None) -> Iterator[Row]:
    """In turns, so that whatever else the machine does meets all of them."""
    root = photos.source(given, folder)
    for backbone, count in SIZES.throughput.items():
        own = folder / backbone
        photos.arrange(root, own, count)
        photos.packed(own, SIZES.side)
        # As many trainings at once as there are cores, and one wide one; a GPU takes one at a time.
        ways = [(1, CORES)] if torch.cuda.is_available() else [(CORES, 1), (1, CORES)]
        ours = {way: f"ours, {counted(way[0], 'training')} of {counted(way[1], 'thread')}" for way in ways}
        ceiling = {way: f"ceiling, {way[0]} of {counted(way[1], 'thread')}" for way in ways}
        subjects: dict[str, Callable[[], tuple[float, float]]] = {}
        for kind, named in (("ours", ours), ("ceiling", ceiling)):
            subjects |= {name: partial(epoch, kind, backbone, own, *way) for way, name in named.items()}
        for name, kind in (("report-style script", "report"), ("timm's step", "timm")):
            subjects[name] = partial(epoch, kind, backbone, own, 1, CORES)
        workload = f"train {backbone}, {SIZES.side} px, batch {SIZES.batch}"
        # No warm-up: each process has its own.
        rows = [
            Row.of(workload, name, "images/s", [speed for speed, _ in turns], max(mib for _, mib in turns))
            for name, turns in in_turns(subjects, warm_ups=0).items()
        ]
        compared(rows, ours[ways[0]])
        # A ceiling is that of the same processes and threads.
        medians = {row.subject: row.median for row in rows}
        for row in rows:
            if row.subject == ceiling[1, CORES]:
                row.ours_faster = medians[ours[1, CORES]] / row.median
        yield from rows


def epoch(kind: str, backbone: str, folder: Path, processes: int, threads: int) -> tuple[float, float]:
    """Train an epoch in so many processes at once; return the images a second of all, and MiB of all."""
    started = [Trainer(kind, backbone, folder, threads) for _ in range(processes)]
    if not all(one.is_ready() for one in started):
        sys.exit(f"error: {' '.join(started[0].command)} ended early")
    for one in started:
        one.begin()
    speeds, mib = zip(*(one.found() for one in started), strict=True)
    for one in started:
        one.end()
    return sum(speeds), sum(mib)


def counted(count: int, what: str) -> str:
    """Return a number of things in words: 1 thread, 2 threads."""
    return f"{count} {what}" + "s" * (count != 1)
