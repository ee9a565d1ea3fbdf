"""An epoch of GoogLeNet on as many photos as the report had, which took it 14.9 s."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gpu.report_study import packed, specs, train
from results import Row
from sizes import SIZES

# Of the first, libraries choose their algorithms, and steps are recorded until the second has ended.
WARM_UP = 2


def measure(_out: Path, scratch: Path) -> Iterator[Row]:
    """The seconds of training and of validating, as history.csv has them."""
    epochs = WARM_UP + SIZES.gpu_epochs
    spec = replace(specs()["googlenet"], epochs=epochs, patience=epochs)
    run = scratch / "epoch"
    whole = train(spec, packed(scratch), run)
    with (run / "history.csv").open(encoding="utf-8") as file:
        history = list(csv.DictReader(file))[WARM_UP:]
    parts = {name: [float(row[f"{name}_seconds"]) for row in history] for name in ("train", "val")}
    workload = f"an epoch of GoogLeNet, {SIZES.report_photos} photos"
    yield Row.of(workload, "ours", "s", [sum(both) for both in zip(*parts.values(), strict=True)], None)
    for name, seconds in parts.items():
        yield Row.of(workload, f"of which {name}", "s", seconds, None)
    yield Row.of(f"GoogLeNet, {epochs} epochs, start-up included", "ours", "s", [whole], None)
