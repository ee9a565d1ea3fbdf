"""Runs that were evaluated, for their figures."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from ablation.photos import pack
from ablation.running.files import sha256


def history(run: Path, epochs: int) -> None:
    run.mkdir(parents=True)
    with (run / "history.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "train_seconds"]
        )
        writer.writerows([epoch, 2 / epoch, 0.5, 3 / epoch, 0.4, 1.0] for epoch in range(1, epochs + 1))


def predicted(run: Path, folder: Path, names: list[str], classes: list[str]) -> None:
    """Write the predictions of a run and its pack, which holds a training photo more."""
    run.mkdir(parents=True, exist_ok=True)
    folder.mkdir()
    with (run / "predictions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "true", "predicted", "probability", "loss"])
        for number, name in enumerate(names):
            taken_for = classes[0] if number % 3 == 0 else classes[number % len(classes)]
            writer.writerow([name, classes[number % len(classes)], taken_for, 0.5, 0.7])
    rng = np.random.default_rng(0)
    np.save(folder / pack.PHOTOS, rng.integers(0, 256, (len(names) + 1, 8, 8, 3), dtype=np.uint8))
    count = len(names) + 1
    index = {
        "manifest_sha256": "",
        "photos_sha256": sha256(folder / pack.PHOTOS),
        "categories": classes,
        "files": ["training.jpg", *names],
        "labels": [0] * count,
        "splits": ["train"] + ["val"] * len(names),
    }
    index["sha256"] = pack.own_sha256(index)
    (folder / pack.INDEX).write_text(json.dumps(index), encoding="utf-8")
