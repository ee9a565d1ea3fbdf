"""The report's 17 experiments, start-up of each included: random weights, a fixed number of epochs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

import photos
from ablation.networks import needs
from ablation.photos import indexing, manifest, packing
from ablation.running import lease
from ablation.spec import Spec
from results import Row
from sizes import SIZES

ROOT = Path(__file__).parents[2]
# Written by report_specs.py: reading a configuration takes packages that need not be where the GPU is.
SPECS = Path(__file__).parents[1] / "report_specs.jsonl"
SHARE = 4


def specs() -> dict[str, Spec]:
    """Return the experiments by name."""
    found = {}
    for line in SPECS.read_text(encoding="utf-8").splitlines():
        name, text = line.split("\t")
        found[name] = replace(
            Spec.from_json(text),
            image_size=SIZES.side,
            batch_size=SIZES.batch,
            epochs=SIZES.report_epochs,
            patience=SIZES.report_epochs,
        )
    return found


def packed(scratch: Path) -> Path:
    """Return the pack of as many photos and classes as the report had, which all parts share."""
    if not (scratch / "report/pack").exists():
        root, listed = scratch / "report/photos", scratch / "report/manifest.csv"
        photos.generate(root, SIZES.report_photos, SIZES.report_photos // 10)
        manifest.write(indexing.index(root, 0.7, 0).entries, listed)
        packing.build(root, listed, SIZES.side, scratch / "report/pack")
    return scratch / "report/pack"


def train(spec: Spec, pack: Path, run: Path, share: int = 1) -> float:
    """Train as a job of the study does; return its seconds. A GPU is shared by so many."""
    command = [sys.executable, str(ROOT / "workflow/scripts/train.py"), "--spec", spec.to_json()]
    command += ["--pack", str(pack), "--run", str(run)]
    env = os.environ | {lease.SHARE: str(share)}
    log = run.with_suffix(".log")
    began = time.perf_counter()
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(command, env=env, stdout=file, stderr=file, check=False)
    if done.returncode:
        sys.exit(f"{log.read_text(encoding='utf-8')[-2000:]}\nerror: {spec.backbone} did not train")
    return time.perf_counter() - began


def alone(_out: Path, scratch: Path) -> Iterator[Row]:
    """One training at a time."""
    yield from study(scratch, 1)


def shared(_out: Path, scratch: Path) -> Iterator[Row]:
    """As many at a time as `gpu_share` would let."""
    yield from study(scratch, SHARE)


def study(scratch: Path, share: int) -> Iterator[Row]:
    """Train all, the largest first as the workflow does: a row as each ends, and one of the whole."""
    pack, runs = packed(scratch), scratch / f"runs{share}"
    runs.mkdir()
    chosen = dict(list(specs().items())[: SIZES.report_experiments])
    order = sorted(
        chosen, key=lambda name: -needs.parameters(chosen[name].backbone, chosen[name].architecture)
    )
    how = f"{SIZES.report_epochs} epochs, {share} at a time"
    began = time.perf_counter()
    with ThreadPoolExecutor(share) as pool:
        jobs = {pool.submit(train, chosen[name], pack, runs / name, share): name for name in order}
        for job in as_completed(jobs):
            yield Row.of(f"one experiment, {how}", jobs[job], "s", [job.result()], None)
    seconds = time.perf_counter() - began
    yield Row.of(f"the report's {len(chosen)} experiments, {how}", "ours", "s", [seconds], None)
