"""From the files of a study's runs to a table with one row a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from ablation.results.tables import FAILED
from ablation.running.errors import UserError


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
