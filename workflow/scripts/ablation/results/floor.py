"""Whether a study finds anything: its best experiment beside always guessing the commonest class.

Standard library only: the Snakefile imports this.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from ablation.results.statistics.wilson import wilson_interval


@dataclass(frozen=True)
class Best:
    """The experiment with the highest validation accuracy, the first of ties, and what it has to be above.

    `accuracy` (0..1) is the mean over its runs, `low` (0..1) the lower end of its 95% interval on `photos`
    validation photos, and `floor` (0..1) what always guessing the class `commonest` scores on them. `failed`
    tells whether runs of the study have no results.
    """

    experiment: str
    accuracy: float
    photos: int
    low: float
    commonest: str
    floor: float
    failed: bool

    @property
    def is_noise(self) -> bool:
        """Whether the experiment cannot be told from guessing the commonest class."""
        return self.low <= self.floor


def best(runs: Path) -> Best | None:
    """Read the best experiment from the table of runs; None if there is none, or nothing to compare it with.

    The interval is Wilson's of mean accuracy x photos hits in so many photos, as if one run had scored the
    mean. It treats the chance of which photos validate. It does not treat how runs differ: several seeds see
    the same photos, and count neither as more photos nor as further doubt. Nor is it corrected for taking the
    best of many experiments.
    """
    try:
        with runs.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        accuracies = defaultdict(list)
        done = [row for row in rows if row["val_accuracy"] and row["commonest_accuracy"]]
        for row in done:
            accuracies[row["experiment"]].append(float(row["val_accuracy"]))
        if not done:
            return None
        means = {name: fmean(each) for name, each in accuracies.items()}
        name, one = max(means, key=lambda name: means[name]), done[0]
        # 36.0 in a table with empty cells.
        photos, floor = int(float(one["val_photos"])), float(one["commonest_accuracy"])
        low, _ = wilson_interval(means[name] * photos, photos)
        return Best(name, means[name], photos, low, one["commonest_class"], floor, len(done) < len(rows))
    except (OSError, ValueError, KeyError, csv.Error):
        # No table, or one of a study without results: others say what is wrong with that.
        return None
