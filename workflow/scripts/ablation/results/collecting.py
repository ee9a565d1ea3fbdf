"""From the files of a study's runs to a table with one row a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ablation.results import metrics, validation
from ablation.results.columns import COST, RUNS
from ablation.results.tables import FAILED
from ablation.results.validation import Photos
from ablation.running.errors import UserError

# The columns that take the labels of photos.
LABELLED = ("balanced_accuracy", "macro_f1", "commonest_accuracy", "commonest_class")


def collect(study: list[dict[str, Any]], runs: Path, photos: Photos | None = None) -> pd.DataFrame:
    """Return one row for each run of the study, read from the files of its folder under `runs`.

    `study` says what those files do not: study, experiment, label, backbone and so on, and the reason why a
    run failed, whose files are not looked at. Losses are in nats, accuracies 0..1; the columns without a
    prefix are those of the epoch with the lowest validation loss, the first of ties. Without `photos` the
    cells of `LABELLED` are empty. Raises UserError if a run's files are not readable.
    """
    table = pd.DataFrame(
        [
            {**run, "ended": FAILED}
            if run.get("reason")
            else {**run, **measured(runs / run["folder"] / f"seed{run['seed']}", photos), "reason": None}
            for run in study
        ]
    )
    # Whichever runs failed.
    return table[sorted(table.columns, key=RUNS.index)]


def measured(folder: Path, photos: Photos | None) -> dict[str, Any]:
    """Return the columns of one run that come from its record, its history and its outputs."""
    try:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        return columns(folder, record) | labelled(folder, record, photos)
    except (OSError, ValueError, KeyError, TypeError, UserError) as error:
        # Of another line for the user, what it came from.
        cause = error.__cause__ or error
        reason = " ".join(f"{type(cause).__name__}: {cause}".split())
        raise UserError(f"{folder} has no readable results ({reason}): delete it and run again") from error


def labelled(folder: Path, record: dict[str, Any], photos: Photos | None) -> dict[str, Any]:
    """Return the columns that take the photos' labels, with whatever error damaged files lead to.

    `commonest_class` is the class with the most training photos, and `commonest_accuracy` the share of the
    validation photos that guessing it always would score.
    """
    if photos is None:
        return dict.fromkeys(LABELLED)
    if record["manifest_sha256"] != photos.manifest_sha256:
        raise ValueError("it was trained on other photos, or another split, than the manifest has now")
    true, guessed = photos.validation, validation.guesses(folder, photos)
    commonest = metrics.commonest(photos.training)
    found = (
        metrics.balanced_accuracy(true, guessed),
        metrics.macro_f1(true, guessed),
        metrics.accuracy(true, np.full_like(true, commonest)),
        photos.categories[commonest],
    )
    return dict(zip(LABELLED, found, strict=True))


def columns(folder: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that take no labels, with whatever error damaged files lead to."""
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
        **{name: record[name] for name in COST},
        "val_photos": record["val_photos"],
        "classes": record["classes"],
    }
