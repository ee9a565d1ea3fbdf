"""Finished runs made by hand as trackers read them: with a spec, a whole record and the picture of epochs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hand_made_runs
from configs import load, small
from PIL import Image

from ablation.results import tracked, validation
from ablation.results.tracked import Tracked

RECORDED = {"torch": "2.14.1+cpu", "device": "cpu", "precision": "fp32"}
SPEC = load(small()).experiments["googlenet"].spec


def line(runs: Path, experiment: str = "alexnet-flip", **changes: Any) -> dict[str, Any]:
    """Write a run's files, and return what a study says of it."""
    said = hand_made_runs.run(runs, experiment, **changes)
    folder = runs / experiment / f"seed{said['seed']}"
    record = folder / "record.json"
    record.write_text(json.dumps(json.loads(record.read_text(encoding="utf-8")) | RECORDED), encoding="utf-8")
    Image.new("RGB", (1080, 432), "white").save(folder / "curves.png")
    return {**said, "spec": json.loads(SPEC.to_json())}


def run(runs: Path, experiment: str = "alexnet-flip", **changes: Any) -> Tracked:
    """Write a run's files, and read them as trackers do."""
    said = line(runs, experiment, **changes)
    return tracked.of(said, runs, validation.photos(runs / "manifest.csv"))
