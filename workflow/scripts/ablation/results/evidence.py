"""What a conclusion is judged by: the runs of a study, or published single runs, asked in the same words.

Accuracies are 0..1, losses cross-entropies in nats. Ours are of the epoch with the lowest validation loss,
published ones of the point that stands beside them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ablation.results.claims import Estimate
from ablation.results.outcomes import Bools, Outcomes
from ablation.results.statistics import crossed, paired
from ablation.results.statistics.wilson import wilson_interval
from ablation.results.tables import FAILED
from ablation.running.errors import UserError


@dataclass(frozen=True)
class Experiment:
    """An experiment by what it is; `point` tells at which epoch published figures are, empty of ours."""

    name: str
    backbone: str
    architecture: str
    augmentation: str
    optimizer: str
    weights: str = ""
    image_size: int = 0
    point: str = ""
    learning_rate: float = 0.0
    batch_size: int = 0

    def __str__(self) -> str:
        return f"{self.name} ({self.point.replace('_', ' ')})" if self.point else self.name

    @property
    def trained(self) -> tuple[str, float, int]:
        """By what it was trained."""
        return self.optimizer, self.learning_rate, self.batch_size

    def has(self, fields: dict[str, Any]) -> bool:
        """Tell whether it has these values in these fields."""
        return all(getattr(self, name) == value for name, value in fields.items())


@dataclass(frozen=True)
class Chance:
    """What knowing the classes' shares of the photos scores: guessing always the commonest, or the shares.

    Of equally many photos a class these are 1 / classes and ln(classes).
    """

    accuracy: float
    loss: float

    @classmethod
    def of(cls, true: np.ndarray[Any, np.dtype[np.int64]]) -> Chance:
        """Return that of photos of these labels."""
        counts = np.bincount(true)
        shares = counts[counts > 0] / len(true)
        return cls(float(shares.max()), float(-(shares * np.log(shares)).sum()))


class Evidence(ABC):
    """Experiments and what they reached."""

    def __init__(self, experiments: Sequence[Experiment], chance: Chance) -> None:
        self.experiments = list(experiments)
        self.chance = chance

    def find(self, **fields: Any) -> list[Experiment]:
        """Return the experiments that have these values, in the study's order."""
        return [one for one in self.experiments if one.has(fields)]

    @abstractmethod
    def lack(self, fields: dict[str, Any]) -> str:
        """Say that there is no experiment with these values which can be compared, and what would tell."""

    @abstractmethod
    def accuracy(self, one: Experiment) -> Estimate:
        """Return its validation accuracy."""

    @abstractmethod
    def difference(self, one: Experiment, other: Experiment) -> Estimate:
        """Return its validation accuracy less another's."""

    @abstractmethod
    def training(self, one: Experiment) -> Estimate:
        """Return its training accuracy: of the very photos that trained, so that only runs are a sample."""

    @abstractmethod
    def training_difference(self, one: Experiment, other: Experiment, column: str) -> Estimate:
        """Return its train_accuracy or train_loss less another's, likewise."""

    @abstractmethod
    def training_loss(self, one: Experiment) -> float:
        """Return its training loss, the mean over its runs."""

    @abstractmethod
    def losses(self, one: Experiment) -> list[float]:
        """Return the validation loss of each of its runs."""

    @abstractmethod
    def said(self, one: Experiment) -> str:
        """Say its validation accuracy, with the photos and its interval."""

    @abstractmethod
    def parameters(self, one: Experiment) -> float | None:
        """Return how many parameters it trains, None if that is not known."""

    @abstractmethod
    def speed(self, one: Experiment) -> str | None:
        """Say how fast it trained, None if that is not known."""


class Ours(Evidence):
    """The runs of a study: the table of runs, and what each makes of each photo."""

    def __init__(self, runs: pd.DataFrame, outcomes: Outcomes) -> None:
        """Raises UserError if a run of the outcomes has no row in the table."""
        named = runs.drop_duplicates("experiment")
        fields = (
            *("backbone", "architecture", "augmentation", "optimizer", "weights", "image_size"),
            *("learning_rate", "batch_size"),
        )
        every = [
            Experiment(row["experiment"], **{one: row[one] for one in fields})
            for row in named.to_dict("records")
        ]
        there = set(outcomes.experiments)
        super().__init__([one for one in every if one.name in there], Chance.of(outcomes.true))
        self.without = [one for one in every if one.name not in there]
        self.outcomes = outcomes
        # Under folds a run is a row a fold; its figures are their means.
        done = runs[runs["ended"] != FAILED]
        by_run = done.groupby(["experiment", "seed"]).mean(numeric_only=True)
        self.runs = {
            str(name): its.droplevel("experiment") for name, its in by_run.groupby(level="experiment")
        }
        self.seeds: dict[str, list[int]] = {}
        # Each experiment is asked for again with every other that it is compared with.
        self.accuracies: dict[str, Estimate] = {}
        for name, seed in zip(outcomes.experiments, outcomes.seeds, strict=True):
            self.seeds.setdefault(name, []).append(seed)
            if name not in self.runs or seed not in self.runs[name].index:
                raise UserError(
                    f"the table of runs has no results of {name}, seed {seed}, which the outcomes have: "
                    "delete both and run again"
                )
        self.right = {name: outcomes.right(name) for name in self.seeds}

    def lack(self, fields: dict[str, Any]) -> str:
        """As `Evidence.lack`, which names those without results."""
        if failed := [one.name for one in self.without if one.has(fields)]:
            return f"{', '.join(failed)} would tell, but has no results"
        return f"would tell: an experiment of {written(fields)}"

    def accuracy(self, one: Experiment) -> Estimate:
        """As `Evidence.accuracy`: the recipe's of several runs, of one that network's."""
        if one.name not in self.accuracies:
            right, folds = self.right[one.name], self.outcomes.folds
            low, high = crossed.interval(right, folds)
            several = right.shape[1] > 1
            freedom = float(crossed.of(right, folds).freedom) if several else math.inf
            self.accuracies[one.name] = Estimate(float(right.mean()), float(low), float(high), freedom)
        return self.accuracies[one.name]

    def difference(self, one: Experiment, other: Experiment) -> Estimate:
        """As `Evidence.difference`, on the same photos."""
        first, second = (self._right(*pair) for pair in ((one, other), (other, one)))
        found = paired.compare(first, second, self.outcomes.folds)
        return Estimate(found.difference, found.low, found.high, found.freedom, found.p)

    def training(self, one: Experiment) -> Estimate:
        """As `Evidence.training`."""
        return over_runs(self._column(one, one, "train_accuracy"))

    def training_difference(self, one: Experiment, other: Experiment, column: str) -> Estimate:
        """As `Evidence.training_difference`, run by run."""
        return over_runs(self._column(one, other, column) - self._column(other, one, column))

    def training_loss(self, one: Experiment) -> float:
        """As `Evidence.training_loss`."""
        return float(self._column(one, one, "train_loss").mean())

    def losses(self, one: Experiment) -> list[float]:
        """As `Evidence.losses`."""
        its = np.array(self.outcomes.experiments) == one.name
        found: list[float] = (-self.outcomes.log_true[its].mean(axis=1, dtype=np.float64)).tolist()
        return found

    def said(self, one: Experiment) -> str:
        """As `Evidence.said`."""
        runs = len(self.seeds[one.name])
        return worded(one, self.accuracy(one), len(self.outcomes.true), runs)

    def parameters(self, one: Experiment) -> float:
        """As `Evidence.parameters`."""
        return float(self._column(one, one, "parameters").mean())

    def speed(self, one: Experiment) -> str:
        """As `Evidence.speed`."""
        its = self.runs[one.name]
        seconds = (its["train_seconds"] / its["epochs"]).mean()
        rate = its["images_per_second"].mean()
        return f"{one} {seconds:.1f} s an epoch, validating included, {rate:.0f} training photos a second"

    def _matched(self, one: Experiment, other: Experiment) -> list[int]:
        """Return the seeds of the first that are compared: as many as both have, those of both first."""
        its, others = self.seeds[one.name], self.seeds[other.name]
        both = [seed for seed in its if seed in others]
        return [*both, *(seed for seed in its if seed not in others)][: min(len(its), len(others))]

    def _right(self, one: Experiment, other: Experiment) -> Bools:
        """Return of which photos those runs of the first are right, bool photos x runs."""
        seeds = self.seeds[one.name]
        found: Bools = self.right[one.name][:, [seeds.index(s) for s in self._matched(one, other)]]
        return found

    def _column(self, one: Experiment, other: Experiment, column: str) -> crossed.Floats:
        """Return a column of those runs of the first, float64 runs."""
        return self.runs[one.name].loc[self._matched(one, other), column].to_numpy(dtype=np.float64)


# What published figures have to say to be judged; experiment, point, val_loss and val_acc are in all of them.
FIELDS = ("experiment", "backbone", "architecture", "augmentation", "optimizer", "point")
FIGURES = ("train_loss", "train_acc", "val_loss", "val_acc", "val_photos")


def unusable(published: pd.DataFrame) -> str:
    """Say which missing columns keep published figures from being judged; empty if none does."""
    missing = [one for one in (*FIELDS, *FIGURES) if one not in published.columns]
    return f"are not judged, since their table has no column {', '.join(missing)}" if missing else ""


class Published(Evidence):
    """Published single runs, a row for each point of one that was published, of so many validation photos."""

    def __init__(self, table: pd.DataFrame, chance: Chance) -> None:
        """Take the rows whose figures are numbers in their ranges, of a table without `unusable` columns."""
        figures = table[list(FIGURES)].apply(pd.to_numeric, errors="coerce")
        shares = figures[["train_acc", "val_acc"]]
        usable = figures.notna().all(axis=1) & (figures["val_photos"] >= 1)
        usable &= ((shares >= 0) & (shares <= 1)).all(axis=1)
        rows = table.loc[usable, list(FIELDS)].astype(str).to_dict("records")
        points = [Experiment(row["experiment"], **{one: row[one] for one in FIELDS[1:]}) for row in rows]
        self.figures = dict(zip(points, figures[usable].to_dict("records"), strict=True))
        super().__init__(list(self.figures), chance)

    def lack(self, fields: dict[str, Any]) -> str:
        """As `Evidence.lack`."""
        return f"not published: {written(fields)}"

    def accuracy(self, one: Experiment) -> Estimate:
        """As `Evidence.accuracy`: of that network, k of so many photos."""
        photos = int(self.figures[one]["val_photos"])
        hits = round(self.figures[one]["val_acc"] * photos)
        return Estimate(hits / photos, *wilson_interval(hits, photos))

    def difference(self, one: Experiment, other: Experiment) -> Estimate:
        """As `Evidence.difference`. Which photos each had right was not published: they count as others."""
        return self.accuracy(one).less(self.accuracy(other))

    def training(self, one: Experiment) -> Estimate:
        """As `Evidence.training`."""
        return Estimate.known(self.figures[one]["train_acc"])

    def training_difference(self, one: Experiment, other: Experiment, column: str) -> Estimate:
        """As `Evidence.training_difference`."""
        name = {"train_accuracy": "train_acc", "train_loss": "train_loss"}[column]
        return Estimate.known(self.figures[one][name] - self.figures[other][name])

    def training_loss(self, one: Experiment) -> float:
        """As `Evidence.training_loss`."""
        return float(self.figures[one]["train_loss"])

    def losses(self, one: Experiment) -> list[float]:
        """As `Evidence.losses`."""
        return [float(self.figures[one]["val_loss"])]

    def said(self, one: Experiment) -> str:
        """As `Evidence.said`."""
        return worded(one, self.accuracy(one), int(self.figures[one]["val_photos"]), 1)

    def parameters(self, one: Experiment) -> None:
        """As `Evidence.parameters`."""

    def speed(self, one: Experiment) -> None:
        """As `Evidence.speed`."""


def over_runs(values: crossed.Floats) -> Estimate:
    """Return the mean of figures of runs, with Student's interval; one alone is what that network did."""
    runs, mean = len(values), float(values.mean())
    if runs == 1:
        return Estimate.known(mean)
    half = float(crossed.quantile(np.array(runs - 1.0)) * values.std(ddof=1) / math.sqrt(runs))
    return Estimate(mean, mean - half, mean + half, runs - 1)


def worded(one: Experiment, accuracy: Estimate, photos: int, runs: int) -> str:
    """Say an accuracy: 'resnet50 0.4490 of 657, 0.411 to 0.487'."""
    several = f" in {runs} runs" if runs > 1 else ""
    return f"{one} {accuracy.value:.4f} of {photos}{several}, {accuracy.low:.3f} to {accuracy.high:.3f}"


def written(fields: dict[str, Any]) -> str:
    """Return values of fields as they stand in config.yaml."""
    return ", ".join(f"{name}: {value}" for name, value in fields.items())
