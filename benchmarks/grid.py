"""A large study whose trainings a stand-in takes the place of: it writes the files that real ones would."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from ablation.photos import pack
from ablation.results import outputs, predictions
from ablation.results.figures.run import RUN_FIGURES
from ablation.running.files import write_json, write_text
from ablation.study import study
from ablation.training import history
from sizes import SIZES

BACKBONES = ["resnet34", "resnet50", "resnet101", "resnext50_32x4d", "googlenet"][: SIZES.grid_kinds]
AUGMENTATIONS = ["none", "flip", "rotate", "jitter", "normalize"][: SIZES.grid_kinds]
EPOCHS = 40


def overlay(runs: int) -> dict[str, Any]:
    """Return a configuration of so many runs (in full a multiple of 100).

    A grid of backbones, augmentations and as many learning rates as it takes, with a few seeds each.
    """
    rates = runs // (len(BACKBONES) * len(AUGMENTATIONS) * SIZES.grid_seeds)
    return {
        "weights": "none",
        "seeds": list(range(SIZES.grid_seeds)),
        "datasets": {"demo": {"species": 12, "photos": 4, "size": [96, 64], "test_fraction": 0}},
        "recipe": {"image_size": 64, "epochs": EPOCHS},
        "experiments": [
            {
                "name": "grid",
                "backbone": BACKBONES,
                "augmentation": AUGMENTATIONS,
                "optimizer": "adamw",
                "learning_rate": [round(0.0001 * step, 4) for step in range(1, rates + 1)],
            }
        ],
    }


def merged(one: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with another laid over it, as Snakemake does."""
    both = {name: merged(one[name], over[name]) for name in one if isinstance(over.get(name), dict)}
    return one | over | both


def write(project: Path, overlay: Path, packed: Path) -> study.Study:
    """Write the results of all runs of a study, as if its trainings had made them; return the study."""
    texts = (path.read_text(encoding="utf-8") for path in (project / "config.yaml", overlay))
    config = merged(*map(yaml.safe_load, texts))
    found = study.load(config, project / "workflow/schemas/config.schema.yaml")
    index = pack.load_index(packed)
    for name in found.runs():
        run = project / "results/runs/demo" / name
        run.mkdir(parents=True, exist_ok=True)
        write_run(run, index)
    return found


def write_run(run: Path, index: pack.Index) -> None:
    """Write the results of one run."""
    chance = random.Random(f"{run}")
    epochs = [
        history.Epoch(epoch, *(chance.random() for _ in range(4)), train_seconds=1.0, val_seconds=0.5)
        for epoch in range(1, EPOCHS + 1)
    ]
    history.write_history(epochs, run / "history.csv")
    validation = int(index.validating.sum())
    made = np.random.default_rng(chance.getrandbits(32)).normal(size=(validation, len(index.categories)))
    outputs.write(made.astype(np.float32), run / outputs.FILE)
    predictions.write(predictions.of(run, index), run / "predictions.csv")
    record = {
        "ended": "epoch_limit",
        "parameters": chance.randrange(10**7),
        "manifest_sha256": index.manifest_sha256,
        "train_seconds": sum(epoch.train_seconds + epoch.val_seconds for epoch in epochs),
        "peak_host_mib": 500.0,
        "peak_device_mib": None,
        "host_joules": None,
        "device_joules": None,
        "train_photos": int(index.training.sum()),
        "val_photos": validation,
        "test_photos": 0,
        "folds": 0,
        "fold": 0,
        "split_seed": 0,
        "classes": len(index.categories),
    }
    write_json(run / "record.json", record)
    write_text(run / "weights.safetensors", "stand-in\n")
    for figure, one in RUN_FIGURES.items():
        for name in one.files(figure):
            if name.endswith(".svg"):
                write_text(run / name, "<svg/>\n")
            else:
                Image.new("RGB", (720, 540)).save(run / name)
