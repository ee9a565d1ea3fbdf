"""From one row a run to one row an experiment, beside published figures where there are any."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ablation.results.collecting import COST
from ablation.results.tables import FAILED, IDENTITY, read
from ablation.running.errors import UserError

# The columns of summary.csv, in order.
SUMMARY = (
    *("experiment", "backbone", "architecture", "augmentation", "optimizer", "weights", "seeds"),
    *("parameters", "epochs", "best_epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy"),
    *("balanced_accuracy", "macro_f1", "commonest_accuracy"),
    *("last_train_accuracy", "last_val_loss", "last_val_accuracy", "best_val_accuracy"),
    *("train_seconds", "images_per_second", *COST),
    *("published_val_loss", "published_val_accuracy"),
    *("ended", "reason"),
)
COUNTS = ("parameters", "epochs", "best_epoch")


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
