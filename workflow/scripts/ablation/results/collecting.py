"""From the files of a study's runs to a table with one row a run, and to what each made of each photo."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ablation.photos.pack import Index
from ablation.results import calibration, epochs, metrics, outcomes, validation
from ablation.results.calibration import Calibration
from ablation.results.columns import COST, RUNS
from ablation.results.outcomes import Outcome, Outcomes
from ablation.results.tables import FAILED
from ablation.running.errors import UserError
from ablation.spec import run_name

# The columns that take the labels of photos.
LABELLED = (
    *("balanced_accuracy", "macro_f1", "commonest_accuracy", "commonest_class"),
    *("temperature", "ece", "calibrated_ece"),
    *("test_loss", "test_accuracy", "test_photos"),
)
# At the epoch that the other folds choose.
NESTED = "nested_val_accuracy"


@dataclass(frozen=True)
class Collected:
    """The table of runs, and what they made of each photo that validated, and of the test set.

    Without a manifest neither is known; without a test set there is none.
    """

    runs: pd.DataFrame
    validated: Outcomes
    tested: Outcomes


def collect(study: list[dict[str, Any]], runs: Path, photos: Index | None = None) -> Collected:
    """Return what is in the files of each run of the study, of its folder under `runs`.

    `study` says what those files do not: study, experiment, label, backbone and so on, and the reason why a
    run failed, whose files are not looked at. Losses are in nats, accuracies 0..1; the columns without a
    prefix are those of the epoch with the lowest validation loss, the first of ties. Without `photos` the
    cells of `LABELLED` are empty. Raises UserError if a run's files are not readable.
    """
    rows: list[dict[str, Any]] = []
    validated: list[tuple[str, int, Outcome]] = []
    tested: list[tuple[str, int, Outcome]] = []
    histories: dict[tuple[str, int], dict[int, pd.DataFrame]] = defaultdict(dict)
    for run in study:
        if run.get("reason"):
            rows.append({**run, "ended": FAILED})
            continue
        found = measured(runs / run["folder"] / run_name(run["seed"], run["fold"]), photos)
        rows.append({**run, **found.columns, "reason": None})
        if run["fold"]:
            histories[run["experiment"], run["seed"]][len(rows) - 1] = found.history
        for of_photos, ones in ((found.validated, validated), (found.tested, tested)):
            if of_photos:
                ones.append((run["experiment"], run["seed"], of_photos))
    for folds in histories.values():
        # All but one of two may have failed.
        if len(folds) > 1:
            for row, accuracy in zip(folds, epochs.nested(list(folds.values())), strict=True):
                rows[row][NESTED] = accuracy
    table = pd.DataFrame(rows).reindex(columns=list(RUNS))
    # Whole numbers beside empty cells.
    table["fold"] = table["fold"].astype("Int64")
    return Collected(table, *(outcomes.of(photos, ones) for ones in (validated, tested)))


@dataclass(frozen=True)
class Measured:
    """What one run's files say: its columns, and of photos where the manifest is there."""

    columns: dict[str, Any]
    history: pd.DataFrame
    validated: Outcome | None = None
    tested: Outcome | None = None


def measured(folder: Path, photos: Index | None) -> Measured:
    """Return what one run's record, history and outputs say."""
    try:
        record = validation.record_of(folder)
        history = pd.read_csv(folder / "history.csv")
        found = Measured(columns(record, history), history)
        if photos is None:
            return replace(found, columns=found.columns | dict.fromkeys(LABELLED))
        return labelled(folder, record, photos, found)
    except (OSError, ValueError, KeyError, TypeError, UserError) as error:
        # Of another line for the user, what it came from.
        cause = error.__cause__ or error
        reason = " ".join(f"{type(cause).__name__}: {cause}".split())
        raise UserError(f"{folder} has no readable results ({reason}): delete it and run again") from error


def labelled(folder: Path, record: dict[str, Any], photos: Index, found: Measured) -> Measured:
    """Add what takes the photos' labels, with whatever error damaged files lead to.

    `commonest_class` is the class with the most training photos, and `commonest_accuracy` the share of the
    validation photos that guessing it always would score.
    """
    if record["manifest_sha256"] != photos.manifest_sha256:
        raise ValueError("it was trained on other photos, or another split, than the manifest has now")
    its = validation.of_run(photos, record)
    true = its.labels[its.validating]
    outputs = validation.outputs_of(folder, its)
    of_photos = Outcome.of(outputs, true, its.validating)
    fitted = Calibration.of(outputs, true)
    commonest = metrics.commonest(its.labels[its.training])
    labels = {
        "balanced_accuracy": metrics.balanced_accuracy(true, of_photos.predicted),
        "macro_f1": metrics.macro_f1(true, of_photos.predicted),
        "commonest_accuracy": metrics.accuracy(true, np.full_like(true, commonest)),
        "commonest_class": photos.categories[commonest],
        **{"temperature": fitted.temperature, "ece": fitted.ece, "calibrated_ece": fitted.calibrated_ece},
    }
    if its.test is None:
        none = dict.fromkeys(("test_loss", "test_accuracy", "test_photos"))
        return replace(found, columns=found.columns | labels | none, validated=of_photos)
    true = its.labels[its.test]
    outputs = validation.outputs_of(folder, its, test=True)
    tested = Outcome.of(outputs, true, its.test)
    before, after = calibration.errors(outputs, true, fitted.temperature)
    labels |= {
        **{"ece": before, "calibrated_ece": after},
        "test_loss": -float(tested.log_true.mean(dtype=np.float64)),
        "test_accuracy": metrics.accuracy(true, tested.predicted),
        "test_photos": len(true),
    }
    return replace(found, columns=found.columns | labels, validated=of_photos, tested=tested)


def columns(record: dict[str, Any], history: pd.DataFrame) -> dict[str, Any]:
    """Return the columns that take no labels, with whatever error damaged files lead to."""
    best, last = history.iloc[int(history["val_loss"].argmin())], history.iloc[-1]
    # A history that was cut short is a whole table too.
    if not math.isclose(history[["train_seconds", "val_seconds"]].to_numpy().sum(), record["train_seconds"]):
        raise ValueError("history.csv has other epochs than those of which record.json says the time")
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
        "train_photos": record["train_photos"],
        "val_photos": record["val_photos"],
        "classes": record["classes"],
    }
