"""New photos classified: ours, a loop of one photo at a time, timm's inference.py."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import photos
from commands import PROCESSES, answer, in_turns
from predictors import SUBJECTS, untrained
from results import Row, compared
from sizes import SIZES


def measure(folder: Path, _given: Path | None) -> Iterator[Row]:
    """Growing numbers of photos, so that memory that grows with them would show."""
    for backbone, counts in SIZES.predicted.items():
        weights = untrained(backbone, folder / f"{backbone}.safetensors")
        for count in counts:
            new = folder / str(count)
            photos.generate(new, count, 1)
            command = [sys.executable, str(PROCESSES / "predicting.py")]
            told = in_turns(
                {
                    name: partial(answer, [*command, kind, str(weights), str(new)])
                    for name, kind in SUBJECTS.items()
                }
            )
            shutil.rmtree(new)
            width, height = SIZES.size
            workload = f"predict {count:,} photos of {width} x {height}, {backbone}"
            rows = [
                Row.of(
                    workload,
                    name,
                    "images/s",
                    [each["images_per_second"] for each in turns],
                    max(each["mib"] for each in turns),
                )
                for name, turns in told.items()
            ]
            yield from compared(rows, "ours")
