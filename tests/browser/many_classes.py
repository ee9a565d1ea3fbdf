"""A data set of 219 classes that are called anything, and a study of it that takes a minute."""

from __future__ import annotations

import csv
from pathlib import Path

import yaml
from own_photos import photo

CLASSES, PHOTOS = 219, 3
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "\"double\" & 'single' &amp;",
    "{{ 7 * 7 }} {% raw %}",
    "$5 or $10",
    "雛菊",
    "장미",
    "زهرة الأقحوان",
    "שושן צחור",
    "गुलाब",
    "กล้วยไม้",
    "Ñandú, émail",
    "a class that is called as a botanist writes it: Paphiopedilum rothschildianum var. elliottianum",
)
OVERLAY = {
    "dataset": "mine",
    "weights": "none",
    "seeds": [0, 1],
    "recipe": {"image_size": 64, "batch_size": 16, "epochs": 2, "patience": 3, "precision": "fp32"},
    "optimizers": {
        "tiny": {"algorithm": "sgd", "learning_rate": 0.01, "momentum": 0.9, "weight_decay": 0.001}
    },
    "experiments": [
        {"name": "rung", "backbone": "googlenet", "optimizer": "tiny", "augmentation": ["none", "flip"]},
        {"name": "other", "backbone": "alexnet", "optimizer": "tiny", "augmentation": "none"},
    ],
}


def names() -> list[str]:
    """The classes' names."""
    return [*HOSTILE, *(f"class {number:03d}" for number in range(CLASSES - len(HOSTILE)))]


def write(folder: Path) -> list[str]:
    """Write the photos, their labels and the study's configuration; return the words of the command."""
    (folder / "mine").mkdir()
    with (folder / "mine/labels.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["filename", "category"])
        for label, name in enumerate(names()):
            for number in range(PHOTOS):
                file_name = f"{label:03d}-{number}.jpg"
                (folder / "mine" / file_name).write_bytes(photo(label * PHOTOS + number, 64))
                rows.writerow([file_name, name])
    (folder / "many.yaml").write_text(yaml.safe_dump(OVERLAY), encoding="utf-8")
    return ["--configfile", "many.yaml"]
