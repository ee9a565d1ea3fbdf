"""What all tables of a study share: the columns that identify an experiment, reading and writing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from ablation.photos.wording import some
from ablation.running.errors import UserError
from ablation.running.files import atomic

IDENTITY = (
    *("experiment", "backbone", "architecture", "augmentation", "optimizer", "weights"),
    *("study", "data_set", "folder"),
)
# A name or a label may read like a number ("0.001") or like true.
_TOLD = ("label", "ended", "reason", "point", "commonest_class", "reference", "file", "true", "taken_for")
TEXTS = dict.fromkeys((*IDENTITY, *_TOLD), "str")
# What else every table of runs has; the numbers are empty where a run failed.
NUMBERS = ("seed", "image_size")
MEASURED = ("parameters", "train_accuracy", "val_loss", "val_accuracy", "val_photos", "classes")
RUN = ("label", "ended", "reason", *NUMBERS)
# What is drawn of a comparison and of a suspect. Not read off their classes: an edit of what computes those
# would draw all figures anew.
COMPARED = ("varies", "experiment", "reference", "difference", "low", "high", "p_holm")
SUSPECTED = ("file", "true", "taken_for", "confidence", "wrong", "runs")
# What `ended` says of a run that failed.
FAILED = "failed"


def read(path: Path) -> pd.DataFrame:
    """Read a table; numbers come back exactly as they were written. Only empty cells are missing."""
    return pd.read_csv(path, dtype=TEXTS, keep_default_na=False, na_values=[""])


def read_runs(path: Path) -> pd.DataFrame:
    """Read the table of runs that `collect` wrote; raises UserError if it is damaged."""
    with _whole(path):
        table = _with_columns(path, (*IDENTITY, *RUN))
        if texts := [column for column in NUMBERS if not pd.api.types.is_numeric_dtype(table[column])]:
            raise ValueError(f"texts among the numbers of {', '.join(texts)}")
        if table[["experiment", "ended"]].isna().any(axis=None) or table.empty:
            raise ValueError("rows are cut short or missing")
        done = table[table["ended"] != FAILED].reindex(columns=list(MEASURED))
        if done.isna().any(axis=None) or len(done.select_dtypes("number").columns) < len(MEASURED):
            raise ValueError("a run that ended lacks what it measured")
        return table


def read_judged(path: Path, columns: Iterable[str]) -> pd.DataFrame:
    """Read a table that `summarize` wrote, with these columns; raises UserError if it is damaged."""
    with _whole(path):
        table = _with_columns(path, columns)
        if table["experiment"].isna().any():
            raise ValueError("rows are cut short")
        return table


def read_suspects(path: Path) -> pd.DataFrame:
    """Read the table that `suspect` wrote; raises UserError if it is damaged."""
    with _whole(path):
        table = _with_columns(path, SUSPECTED)
        if table[["file", "true", "runs"]].isna().any(axis=None):
            raise ValueError("rows are cut short")
        return table


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Have what is wrong with a table told in one line, as UserError."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is damaged ({reason}): delete it and run again") from error


def _with_columns(path: Path, columns: Iterable[str]) -> pd.DataFrame:
    table = read(path)
    if missing := [column for column in columns if column not in table.columns]:
        raise ValueError(f"it lacks {some(missing, 'column', 'columns')}")
    return table


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, whole or not at all."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False)
