"""A whole short run: GoogLeNet from random weights, from photos to a validated network, start-up included."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import photos
import recipe
from commands import in_turns, timed
from copies import ROOT, SCRIPTS, overlay, project, snakemake
from results import CORES, Row, compared
from sizes import SIZES

PEERS = ("fastai", "lightning", "ultralytics")


def measure(folder: Path, given: Path | None) -> Iterator[Row]:
    """Ours, as plain Python and as a study, and the peers."""
    folder.mkdir()
    # Whole batches, because fastai leaves out a last one that is not full.
    photos.arrange(photos.source(given, folder), folder, SIZES.short_run)
    subjects: dict[str, Callable[[], float]] = {
        "ours": partial(steps, folder),
        "ours, a study with figures": partial(study, folder),
    }
    subjects |= {name: partial(peer, name, folder) for name in PEERS}
    workload = f"photos to network: GoogLeNet, {SIZES.epochs} epochs"
    rows = [Row.of(workload, name, "s", turns, None) for name, turns in in_turns(subjects).items()]
    yield from compared(rows, "ours")


def steps(folder: Path) -> float:
    """The steps of one run, as plain Python."""
    shutil.rmtree(folder / "steps", ignore_errors=True)
    classes, made = folder / "photos", folder / "steps"
    index = f"index.py --photos {classes} --train-fraction 0.7 --seed 0 --output {made}/manifest.csv"
    pack = f"pack.py --photos {classes} --manifest {made}/manifest.csv --size {SIZES.side}"
    pack += f" --output {made}/pack"
    wide = replace(recipe.spec("googlenet", SIZES.epochs), threads=CORES)
    spec = shlex.quote(wide.to_json())
    train = f"train.py --pack {made}/pack --run {made}/run --spec {spec}"
    chain = " && ".join(f"{sys.executable} {SCRIPTS}/{step}" for step in (index, pack, train))
    return timed(["sh", "-c", chain], folder, folder / "run.log")


def study(folder: Path) -> float:
    """Everything, with its figures and tables."""
    shutil.rmtree(folder / "project", ignore_errors=True)
    own = project(folder / "project")
    config = overlay(
        folder / "short.yaml",
        dataset=str(folder / "photos"),
        weights="none",
        recipe={
            "image_size": SIZES.side,
            "batch_size": SIZES.batch,
            "epochs": SIZES.epochs,
            "patience": SIZES.epochs,
            "threads": CORES,
        },
        experiments=[
            {"name": "googlenet", "backbone": "googlenet", "optimizer": "adamw", "augmentation": "normalize"}
        ],
    )
    return timed(snakemake(own, "--cores", "all", "--configfile", config), own, folder / "study.log")


def peer(name: str, folder: Path) -> float:
    """The same by another program."""
    sizes = map(str, (SIZES.epochs, SIZES.side, SIZES.batch))
    command = [sys.executable, str(ROOT / f"benchmarks/peers/{name}_run.py"), str(folder / "photos"), *sizes]
    return timed(command, folder, folder / f"{name}.log")
