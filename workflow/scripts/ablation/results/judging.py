"""How sure each experiment's accuracy is, which may be the best, and how good the one is that was chosen.

Judged is on the test set where there is one, else on the photos that validated.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ablation.results.outcomes import Outcomes
from ablation.results.statistics import best, crossed
from ablation.results.statistics.crossed import Array

# So that the same data give the same digits.
SEED = 0
TEST, VALIDATION, FOLDS = "test", "validation", "folds"
# Of one run, of several; of folds these rest on an assumption (statistics/crossed.py).
ONE, SEVERAL = "wilson", "crossed"
COLUMNS = (
    *("accuracy", "accuracy_low", "accuracy_high", "accuracy_sd", "interval", "judged_on", "photos"),
    *("could_be_best", "p_best", "corrected_accuracy", "corrected_low", "corrected_high"),
)


def chosen(validated: Outcomes, tested: Outcomes) -> tuple[Outcomes, str]:
    """Return by which outcomes experiments are judged, and what those are of: a value of `judged_on`."""
    if tested.experiments:
        return tested, TEST
    return validated, VALIDATION if validated.folds is None else FOLDS


def judged(outcomes: Outcomes, judged_on: str) -> pd.DataFrame:
    """Return `COLUMNS` for each experiment that has runs, by its name."""
    names = outcomes.names()
    rows = {}
    for name in names:
        right = outcomes.right(name)
        low, high = crossed.interval(right, outcomes.folds)
        runs = right.shape[1]
        rows[name] = {
            "accuracy": float(right.mean()),
            "accuracy_low": float(low),
            "accuracy_high": float(high),
            "accuracy_sd": float(right.mean(axis=0).std(ddof=1)) if runs > 1 else None,
            "interval": ONE if runs == 1 else SEVERAL,
            "judged_on": judged_on,
            "photos": len(right),
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    if not names:
        return table.reindex(columns=list(COLUMNS))
    if len(names) == 1:
        # Nothing was chosen.
        of_one = table.iloc[0]
        return table.assign(
            could_be_best="yes",
            p_best=1.0,
            **dict(zip(COLUMNS[-3:], of_one[["accuracy", "accuracy_low", "accuracy_high"]], strict=True)),
        ).reindex(columns=list(COLUMNS))
    right = rectangular(outcomes, names)
    generator = np.random.default_rng(SEED)
    drawn = best.resamples(right.shape[1], generator)
    table["could_be_best"] = ["yes" if may else "no" for may in best.could_be_best(right, outcomes.folds)]
    table["p_best"] = best.probabilities(right, drawn, generator)
    corrected = best.corrected(right, drawn, generator)
    # It is of the choice, whose outcome is in this row.
    winner = table["accuracy"].astype(float).idxmax()
    for column, value in zip(COLUMNS[-3:], (corrected.accuracy, corrected.low, corrected.high), strict=True):
        table[column] = None
        table.loc[winner, column] = value
    return table.reindex(columns=list(COLUMNS))


def rectangular(outcomes: Outcomes, names: Sequence[str]) -> Array:
    """Return which photos are right, bool experiments x photos x runs: of each as many runs as all have.

    Those are the first, where some have more seeds than others, or some failed.
    """
    each = [outcomes.right(name) for name in names]
    runs = min(right.shape[1] for right in each)
    return np.stack([right[:, :runs] for right in each])
