"""Reading what the tiny study made."""

from __future__ import annotations

import csv
from pathlib import Path

from project import Project

MEASURED = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run_of(project: Project, experiment: str) -> Path:
    return project.folder / project.run_of(experiment)


IDENTITIES = [
    ("rung-none", "googlenet", "original", "none", "tiny", "drawn"),
    ("rung-normalize", "googlenet", "original", "normalize", "tiny", "drawn"),
    ("alexnet-original", "alexnet", "original", "normalize", "tiny", "none"),
    ("alexnet-fewer_layers", "alexnet", "fewer_layers", "normalize", "tiny", "none"),
]


EXPERIMENTS = [row[0] for row in IDENTITIES]
