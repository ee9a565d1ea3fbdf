"""The tables of a study: one row a run, one row an experiment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from ablation.running.errors import UserError
from ablation.running.files import atomic

# The columns of summary.csv, in order.
SUMMARY = (
    *("experiment", "backbone", "architecture", "augmentation", "optimizer", "weights", "seeds"),
    *("parameters", "epochs", "best_epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy"),
    *("last_train_accuracy", "last_val_loss", "last_val_accuracy", "best_val_accuracy"),
    *("train_seconds", "images_per_second", "published_val_loss", "published_val_accuracy"),
    *("ended", "reason"),
)
IDENTITY = ("experiment", "backbone", "architecture", "augmentation", "optimizer", "weights")
# A name or a label may read like a number ("0.001") or like true.
TEXTS = dict.fromkeys((*IDENTITY, "label", "ended", "reason", "point"), "str")
COUNTS = ("parameters", "epochs", "best_epoch")
FAILED = "failed"


def collect(study: list[dict[str, Any]], runs: Path) -> pd.DataFrame:
    """Return one row for each run of the study, read from the files of its folder under `runs`.

    `study` says what those files do not: experiment, label, backbone and so on, and the reason why a run
    failed, whose files are not looked at. Losses are in nats, accuracies 0..1; the columns without a
    prefix are those of the epoch with the lowest validation loss, the first of ties. Raises UserError if a
    run's files are not readable.
    """
    return pd.DataFrame(
        [
            {**run, "ended": FAILED}
            if run.get("reason")
            else {**run, **measured(runs / run["experiment"] / f"seed{run['seed']}"), "reason": None}
            for run in study
        ]
    )


def measured(folder: Path) -> dict[str, Any]:
    """Return the columns of one run that come from its record and its history."""
    try:
        return columns(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"{folder} has no readable results ({reason}): delete it and run again") from error


def columns(folder: Path) -> dict[str, Any]:
    """Do the work of `measured`, with whatever error damaged files lead to."""
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    history = pd.read_csv(folder / "history.csv")
    best, last = history.iloc[int(history["val_loss"].argmin())], history.iloc[-1]
    return {
        "parameters": record["parameters"],
        "ended": record["ended"],
        "epochs": len(history),
        "best_epoch": int(best["epoch"]),
        "train_loss": best["train_loss"],
        "train_accuracy": best["train_accuracy"],
        "val_loss": best["val_loss"],
        "val_accuracy": best["val_accuracy"],
        "last_train_accuracy": last["train_accuracy"],
        "last_val_loss": last["val_loss"],
        "last_val_accuracy": last["val_accuracy"],
        "best_val_accuracy": history["val_accuracy"].max(),
        "train_seconds": record["train_seconds"],
        "images_per_second": record["train_photos"] * len(history) / history["train_seconds"].sum(),
        "val_photos": record["val_photos"],
        "classes": record["classes"],
    }


def summarize(runs: pd.DataFrame, published: Path | None) -> pd.DataFrame:
    """Return one row for each experiment, in the study's order: averages over its runs that did not fail.

    `seeds` counts those; `ended` says of each run how it ended, in the order of the seeds, and `reason`
    why it failed.
    `published` names a CSV with the columns experiment, point, val_loss and val_acc; an experiment's
    row "best_loss" is taken, or else its row "last". Without it those columns are empty.
    """
    runs = runs.assign(done=runs["ended"] != FAILED)
    groups = runs.groupby("experiment", sort=False)
    table = groups.mean(numeric_only=True)
    table = table.join(groups[list(IDENTITY[1:])].first()).join(groups["done"].sum().rename("seeds"))
    table = table.join(groups["ended"].agg(" ".join))
    table["reason"] = {name: reasons(group) for name, group in groups}
    # Averages of counts are whole for one seed, and should read so, whatever those of others are.
    for column in table.columns.intersection(list(COUNTS)):
        table[column] = pd.Series(
            [int(mean) if mean == mean // 1 else mean for mean in table[column]], table.index, dtype=object
        )
    table["published_val_loss"] = table["published_val_accuracy"] = float("nan")
    if published is not None:
        figures = read_published(published)
        for ours, theirs in (("published_val_loss", "val_loss"), ("published_val_accuracy", "val_acc")):
            table[ours] = figures[theirs].reindex(table.index)
    return table.reset_index().reindex(columns=list(SUMMARY))


def reasons(runs: pd.DataFrame) -> str | None:
    """Say why runs of one experiment failed; None if none did."""
    failed = runs[~runs["done"]]
    if len(runs) == 1 or failed.empty:
        return None if failed.empty else str(failed["reason"].iloc[0])
    return "; ".join(f"seed {run.seed}: {run.reason}" for run in failed.itertuples())


def read_published(path: Path) -> pd.DataFrame:
    """Return the published figures, one row an experiment: at its best loss where that was published."""
    try:
        table = read(path)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is no readable table ({reason}): mend it or take `published` out") from error
    missing = {"experiment", "point", "val_loss", "val_acc"} - set(table.columns)
    if missing:
        raise UserError(f"{path} has no column {', '.join(sorted(missing))}: add it or take `published` out")
    return table.sort_values("point").drop_duplicates("experiment").set_index("experiment")


def read(path: Path) -> pd.DataFrame:
    """Read a table; numbers come back exactly as they were written. Only empty cells are missing."""
    return pd.read_csv(path, dtype=TEXTS, keep_default_na=False, na_values=[""])


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, whole or not at all."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False)
