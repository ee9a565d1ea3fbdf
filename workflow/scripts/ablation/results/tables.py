"""What all tables of a study share: the columns that identify an experiment, reading and writing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ablation.running.files import atomic

IDENTITY = ("experiment", "backbone", "architecture", "augmentation", "optimizer", "weights")
# A name or a label may read like a number ("0.001") or like true.
TEXTS = dict.fromkeys((*IDENTITY, "label", "ended", "reason", "point", "commonest_class"), "str")
# What `ended` says of a run that failed.
FAILED = "failed"


def read(path: Path) -> pd.DataFrame:
    """Read a table; numbers come back exactly as they were written. Only empty cells are missing."""
    return pd.read_csv(path, dtype=TEXTS, keep_default_na=False, na_values=[""])


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, whole or not at all."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False)
