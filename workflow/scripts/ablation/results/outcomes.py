"""Photo x run: what each run made of each photo that did not train it. All statistics derive from it.

A run is one seed; under folds it is one seed with all its folds, so that each photo has one outcome a run, of
the network that has not seen it. Of a test set, which no network has seen, each network is a run.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ablation.photos.pack import Index
from ablation.results.metrics import Labels
from ablation.results.outputs import Outputs
from ablation.running.errors import UserError
from ablation.running.files import atomic

FILE, TEST_FILE = "outcomes.npz", "test_outcomes.npz"
Floats = np.ndarray[Any, np.dtype[np.float32]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Outcome:
    """What one network made of photos, n of the N of a data set, those where `photos` (bool N) is true."""

    predicted: Labels
    """The class with the highest output, the first of ties, by which training counts hits too: int64 n."""
    log_true: Floats
    """The natural logarithm of the probability of the true class, float32 n."""
    log_predicted: Floats
    """That of the predicted class."""
    photos: Bools
    """Which photos these are."""

    @classmethod
    def of(cls, outputs: Outputs, true: Labels, photos: Bools) -> Outcome:
        """Read it from outputs, float32 n x C, of photos whose labels are `true`, int64 n."""
        predicted, each = outputs.argmax(1).astype(np.int64), np.arange(len(true))
        highest = outputs[each, predicted]
        rest = -np.log(np.exp(outputs - highest[:, None]).sum(1))
        return cls(predicted, outputs[each, true] - highest + rest, rest, photos)


@dataclass(frozen=True)
class Outcomes:
    """N photos of C categories, in the manifest's order, and R runs of experiments."""

    files: list[str]
    """The photos' paths, as the manifest's `file`."""
    categories: list[str]
    """The classes' names, by label."""
    true: Labels
    """The photos' labels, int64 N, each 0..C-1."""
    folds: Labels | None
    """In which fold each photo validates, int64 N of numbers that tell folds apart; None for one holdout."""
    experiments: list[str]
    """The experiment of each run; runs of one stand side by side, in the order of its seeds."""
    seeds: list[int]
    """The seed of each run."""
    predicted: Labels
    """The class with the highest output, the first of ties, int64 R x N."""
    log_true: Floats
    """The natural logarithm of the probability of the true class, float32 R x N."""
    log_predicted: Floats
    """That of the predicted class."""

    def right(self, experiment: str) -> Bools:
        """Return of which photos the runs of an experiment are right: bool N x its runs."""
        its = np.array([name == experiment for name in self.experiments], dtype=np.bool_)
        found: Bools = (self.predicted[its] == self.true).T
        return found

    def names(self) -> list[str]:
        """Return the experiments that have runs, in the study's order."""
        return list(dict.fromkeys(self.experiments))


def of(photos: Index | None, ones: Sequence[tuple[str, int, Outcome]]) -> Outcomes:
    """Return photo x run of what networks, each of an experiment and a seed, made of photos of an index.

    Outcomes of one experiment and seed on other photos each, as folds have, are one run; a run that lacks
    photos that another has, for one of its trainings failed, is left out. Without networks, or an index, it
    is empty.
    """
    if photos is None or not ones:
        nothing, none = np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
        return Outcomes([], [], nothing, None, [], [], none.astype(np.int64), none, none)
    runs: dict[tuple[str, int, int], list[Outcome]] = {}
    for experiment, seed, one in ones:
        # The networks that have seen none of the photos, as of a test set, are runs of their own.
        repeat = 0
        while any((other.photos & one.photos).any() for other in runs.get((experiment, seed, repeat), ())):
            repeat += 1
        runs.setdefault((experiment, seed, repeat), []).append(one)
    every = np.logical_or.reduce([one.photos for *_, one in ones])
    whole = {run: its for run, its in runs.items() if sum(one.photos.sum() for one in its) == every.sum()}
    place = np.cumsum(every) - 1
    shape = len(whole), int(every.sum())
    predicted, floats = np.empty(shape, np.int64), np.empty((2, *shape), np.float32)
    folds = np.zeros(shape[1], np.int64)
    for row, its in enumerate(whole.values()):
        for fold, one in enumerate(its, start=1):
            columns = place[one.photos]
            predicted[row, columns], folds[columns] = one.predicted, fold
            floats[0, row, columns], floats[1, row, columns] = one.log_true, one.log_predicted
    return Outcomes(
        [photos.files[row] for row in np.flatnonzero(every)],
        photos.categories,
        photos.labels[every],
        folds if len(set(folds.tolist())) > 1 else None,
        [experiment for experiment, *_ in whole],
        [seed for _, seed, _ in whole],
        predicted,
        *floats,
    )


def write(outcomes: Outcomes, path: Path) -> None:
    """Write outcomes, whole or not at all; the same ones give the same bytes."""
    arrays = {name: np.asarray(value) for name, value in vars(outcomes).items() if value is not None}
    arrays["predicted"] = arrays["predicted"].astype(np.min_scalar_type(len(outcomes.categories)))
    with atomic(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read(path: Path) -> Outcomes:
    """Read what `write` wrote; raises UserError if it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            lists = {name: arrays[name].tolist() for name in ("files", "categories", "experiments", "seeds")}
            rest = {name: arrays[name] for name in ("true", "log_true", "log_predicted")}
            predicted, folds = arrays["predicted"].astype(np.int64), arrays.get("folds")
            found = Outcomes(**lists, **rest, predicted=predicted, folds=folds)
        shape = len(found.experiments), len(found.files)
        if any(one.shape != shape for one in (found.predicted, found.log_true, found.log_predicted)):
            raise ValueError("arrays of different sizes")
        return found
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is damaged ({reason}): delete it and run again") from error
