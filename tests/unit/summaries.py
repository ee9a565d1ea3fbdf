"""Tables of experiments for the figures of a study."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

LADDER = ["none", "flip", "rotate", "jitter", "gray", "normalize"]


def summary(names: list[str], label: str = "{}") -> pd.DataFrame:
    """The table of experiments that differ in their augmentation."""
    count = len(names)
    accuracy = np.linspace(0.1, 0.9, count)
    return pd.DataFrame(
        {
            "experiment": names,
            "label": [label.format(name) for name in names],
            "backbone": "alexnet",
            "architecture": "original",
            "augmentation": names,
            "optimizer": "sgd",
            "learning_rate": 0.001,
            "weights": "none",
            "image_size": 224,
            "batch_size": 16,
            "seeds": 1,
            "accuracy": accuracy,
            "accuracy_low": accuracy - 0.05,
            "accuracy_high": accuracy + 0.05,
            "judged_on": "validation",
            "photos": 30,
            "could_be_best": ["no"] * (count - 1) + ["yes"],
            "commonest_accuracy": 1 / 3,
            "parameters": 57_000_003,
            "train_photos": 84,
            "train_accuracy": 0.9,
            "val_accuracy": accuracy,
        }
    )


def families(*groups: list[str], varies: str = "augmentation") -> str:
    return json.dumps([[varies, group, None] for group in groups])
