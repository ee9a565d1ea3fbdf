"""Photos decoded once to the size that trains."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import photos
from ablation.photos import indexing, manifest
from commands import PROCESSES, answer, repeated
from results import Row
from sizes import SIZES


def measure(folder: Path, _given: Path | None) -> Iterator[Row]:
    """Growing numbers of photos, so that memory that grows with them would show."""
    width, height = SIZES.size
    for count in SIZES.packed:
        own = folder / str(count)
        photos.generate(own / "photos", count, 10)
        manifest.write(indexing.index(own / "photos", 0.7, 0).entries, own / "manifest.csv")
        command = [
            sys.executable,
            str(PROCESSES / "packing.py"),
            *map(str, (own / "photos", own / "manifest.csv", own / "pack")),
        ]
        told = repeated(partial(answer, command))
        shutil.rmtree(own)
        workload = f"pack {count:,} photos of {width} x {height}"
        seconds = [each["seconds"] for each in told]
        yield Row.of(workload, "ours", "s", seconds, max(each["mib"] for each in told))
