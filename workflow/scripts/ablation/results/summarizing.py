"""From one row a run to one row an experiment, beside published figures where there are any."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ablation.results.columns import SUMMARY
from ablation.results.tables import FAILED, IDENTITY, read
from ablation.running.errors import UserError

COUNTS = ("parameters", "epochs", "best_epoch", "train_photos")
# Of all runs of an experiment, those that failed too.
SAME = ("image_size", "batch_size", "learning_rate")
# What is counted in validation photos.
OF_PHOTOS = (
    *("val_loss", "val_accuracy", "last_val_loss", "last_val_accuracy", "best_val_accuracy"),
    *("nested_val_accuracy", "commonest_accuracy", "balanced_accuracy", "macro_f1"),
    *("temperature", "ece", "calibrated_ece"),
)


def summarize(runs: pd.DataFrame, judged: pd.DataFrame, published: Path | None) -> pd.DataFrame:
    """Return one row for each experiment, in the study's order: averages over its runs that did not fail.

    What is counted in photos is, under folds, averaged by them. `judged` has the columns of `judging.judged`,
    by experiment. `seeds` counts those of which no run failed; `ended` says of each run how it ended, in the
    order of the seeds, and `reason` why it failed.
    `published` names a CSV with the columns experiment, point, val_loss and val_acc; an experiment's
    row "best_loss" is taken, or else its row "last". Without it those columns are empty.
    """
    runs = runs.assign(done=runs["ended"] != FAILED)
    groups = runs.groupby("experiment", sort=False)
    table = groups.mean(numeric_only=True).drop(columns=list(SAME))
    if runs["fold"].notna().any():
        table.update(by_photos(runs))
    table = table.join(groups[[*IDENTITY[1:], "label", *SAME]].first())
    table = table.join(whole_seeds(runs).rename("seeds")).join(groups["ended"].agg(" ".join)).join(judged)
    # An experiment without results has none, and the others whole ones still.
    table["photos"] = table["photos"].astype("Int64")
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


def by_photos(runs: pd.DataFrame) -> pd.DataFrame:
    """Return averages over the photos of all folds, in place of over folds, which differ by a photo."""
    done = runs[runs["done"]]
    photos = done["val_photos"]
    weighted = done[list(OF_PHOTOS)].mul(photos, axis=0).groupby(done["experiment"]).sum()
    return weighted.div(photos.groupby(done["experiment"]).sum(), axis=0)


def whole_seeds(runs: pd.DataFrame) -> pd.Series:
    """Return of how many seeds of each experiment no run failed."""
    whole = runs.groupby(["experiment", "seed"], sort=False)["done"].all()
    return whole.groupby("experiment", sort=False).sum()


def reasons(runs: pd.DataFrame) -> str | None:
    """Say why runs of one experiment failed; None if none did."""
    failed = runs[~runs["done"]]
    if len(runs) == 1 or failed.empty:
        return None if failed.empty else str(failed["reason"].iloc[0])
    folds = failed["fold"].map(lambda fold: "" if pd.isna(fold) else f" fold {int(fold)}")
    seeds = failed["seed"].astype(str) + folds
    return "; ".join(f"seed {seed}: {reason}" for seed, reason in zip(seeds, failed["reason"], strict=True))


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
