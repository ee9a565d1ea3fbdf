"""A folder of many small photos: what Snakemake has of it, indexing and packing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import photos
from commands import repeated, watched
from copies import overlay, project, snakemake
from results import Row
from sizes import SIZES

# The photos count here, not their pixels.
SIZE, SIDE = (160, 120), 64


def measure(folder: Path, _given: Path | None) -> Iterator[Row]:
    """Each folder in a copy of the program of its own; what cannot be done twice is done once."""
    folder.mkdir()
    for count in SIZES.folders:
        own, root = project(folder / f"project{count}"), folder / f"photos{count}"
        photos.generate(root, count, 10, SIZE)
        one = {"name": "one", "backbone": "googlenet", "optimizer": "adamw", "augmentation": "normalize"}
        config = overlay(
            folder / "one.yaml",
            experiments=[{**one, "weights": "none", "image_size": SIDE}],
            dataset=str(root),
            # Some are as good as equal, and have two labels.
            duplicates="allow",
        )
        command = partial(snakemake, own, "--quiet", "--cores", "all", "--configfile", config)
        manifest = f"resources/datasets/{root.name}/manifest.csv"
        packed = f"resources/packs/{root.name}/{SIDE}px/photos.npy"
        # The first look reads them all, to know them again.
        yield row(
            f"plan for a folder of {count:,} photos", [watched(command("-n"), own, folder / "plan.log")]
        )
        for what, target in (("index", manifest), ("pack", packed)):
            found = watched([*command(), "--", target], own, folder / "made.log")
            yield row(f"{what} a folder of {count:,} photos", [found])
        log = folder / "nothing.log"
        turns = repeated(partial(watched, [*command(), "--", packed], own, log))
        if "Nothing to be done" not in log.read_text(encoding="utf-8"):
            sys.exit(f"something was done in a finished folder:\n{log.read_text(encoding='utf-8')}")
        yield row(f"find nothing to do for a folder of {count:,} photos", turns)
        shutil.rmtree(root)
        shutil.rmtree(own)


def row(workload: str, turns: list[tuple[float, float]]) -> Row:
    """Sum up repetitions of seconds and MiB."""
    return Row.of(workload, "ours", "s", [seconds for seconds, _ in turns], max(mib for _, mib in turns))
