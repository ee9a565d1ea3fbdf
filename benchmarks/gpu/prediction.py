"""New photos classified by ResNet-50: as predict.py does, one photo at a time, and as timm's inference.py."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import photos
from commands import PROCESSES, answer
from predictors import SUBJECTS, untrained
from results import Row, compared
from sizes import SIZES

BACKBONE = "resnet50"


def measure(_out: Path, scratch: Path) -> Iterator[Row]:
    """Each once: a start takes seconds here, and there are few. Loading the network is not counted."""
    weights, new = untrained(BACKBONE, scratch / "untrained.safetensors"), scratch / "new"
    photos.generate(new, SIZES.gpu_predicted, 1)
    width, height = SIZES.size
    workload = f"predict {SIZES.gpu_predicted:,} photos of {width} x {height}, {BACKBONE}"
    command = [sys.executable, str(PROCESSES / "predicting.py")]
    told = {name: answer([*command, kind, str(weights), str(new)]) for name, kind in SUBJECTS.items()}
    rows = [
        Row.of(workload, name, "images/s", [its["images_per_second"]], its["mib"])
        for name, its in told.items()
    ]
    yield from compared(rows, "ours")
