"""Finished runs made by hand: the files of their folders, and the lines that a study has of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ablation.photos import manifest
from ablation.results import outputs
from ablation.running.files import sha256
from ablation.training.history import Epoch, write_history

# Losses with two equal lowest ones, the second with the better accuracy.
HISTORY = [
    Epoch(1, 2.0, 0.25, 1.5, 0.25, 3.0, 1.0),
    Epoch(2, 1.1, 0.5, 0.1 + 0.2, 0.5, 2.0, 1.0),
    Epoch(3, 0.9, 0.75, 0.1 + 0.2, 0.625, 2.0, 1.0),
    Epoch(4, 0.7, 1.0, 0.9, 0.75, 3.0, 1.0),
]
# The labels of the photos, with two classes that most training photos have.
CATEGORIES = ["daisy", "lily", "rose"]
TRAINING = 8 * [0] + 11 * [1] + 11 * [2]
VALIDATION = 3 * [0] + 6 * [1] + 7 * [2]
# Half of them right, as at the best epoch of the history; nothing is taken for a daisy.
GUESSES = 3 * [1] + 5 * [1, 2] + 3 * [2]


def write_manifest(path: Path) -> Path:
    """Write the manifest of those photos and return its path."""
    parts = {manifest.TRAIN: TRAINING, manifest.VAL: VALIDATION}
    entries = [
        manifest.Entry(f"{CATEGORIES[label]}/{split}{number}.jpg", 64 * "0", label, CATEGORIES[label], split)
        for split, labels in parts.items()
        for number, label in enumerate(labels)
    ]
    manifest.write(sorted(entries, key=lambda entry: (entry.label, entry.file)), path)
    return path


def write_outputs(folder: Path, made: np.ndarray) -> None:
    """Write what a run's best weights make of the validation photos."""
    outputs.write(made, folder / outputs.FILE)


def run(
    runs: Path,
    experiment: str,
    seed: int = 0,
    history: list[Epoch] = HISTORY,
    augmentation: str = "normalize",
    **changes: Any,
) -> dict[str, Any]:
    """Write a run's files, and the manifest beside all runs; return its line of the study."""
    folder = runs / experiment / f"seed{seed}"
    folder.mkdir(parents=True)
    write_history(history, folder / "history.csv")
    write_outputs(folder, np.eye(len(CATEGORIES), dtype=np.float32)[GUESSES])
    record = {
        "parameters": 57_000_003,
        "ended": "epoch_limit",
        # Of all epochs.
        "train_seconds": sum(epoch.train_seconds + epoch.val_seconds for epoch in history),
        "peak_host_mib": 812.5,
        "peak_device_mib": None,
        "host_joules": 321.0,
        "device_joules": None,
        "manifest_sha256": sha256(write_manifest(runs / "manifest.csv")),
        "train_photos": len(TRAINING),
        "val_photos": len(VALIDATION),
        "test_photos": 0,
        "folds": 0,
        "fold": 0,
        "split_seed": 0,
        "classes": len(CATEGORIES),
    }
    record |= {key: new for key, new in changes.items() if key in record}
    (folder / "record.json").write_text(json.dumps(record))
    return {
        "study": "default",
        "data_set": "demo",
        "experiment": experiment,
        "folder": experiment,
        "label": changes.get("label", experiment),
        "backbone": "alexnet",
        "architecture": "original",
        "augmentation": augmentation,
        "optimizer": "sgd",
        "weights": "none",
        "image_size": 224,
        "batch_size": 16,
        "learning_rate": 0.001,
        "seed": seed,
        "fold": None,
        "reason": None,
    }


def failed(experiment: str, seed: int = 0, reason: str = "out of memory") -> dict[str, Any]:
    """The line of a run that failed: it has no files."""
    return {
        **{"study": "default", "data_set": "demo", "folder": experiment},
        **dict.fromkeys(("label", "backbone", "architecture", "augmentation", "optimizer"), "x"),
        **{"experiment": experiment, "weights": "none", "seed": seed, "fold": None, "reason": reason},
        **{"image_size": 64, "batch_size": 16, "learning_rate": 0.001},
    }
