"""Photo x run: what each run made of each photo that did not train it. All statistics derive from it.

A run is one seed; under folds it is one seed with all its folds, so that each photo has one outcome a run, of
the network that has not seen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ablation.results.metrics import Labels
from ablation.running.errors import UserError
from ablation.running.files import atomic

FILE = "outcomes.npz"
Floats = np.ndarray[Any, np.dtype[np.float32]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


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
    """The fold in which each photo validates, int64 N; None for one holdout."""
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
        its = np.array([name == experiment for name in self.experiments])
        found: Bools = (self.predicted[its] == self.true).T
        return found


def write(outcomes: Outcomes, path: Path) -> None:
    """Write outcomes, whole or not at all; the same ones give the same bytes."""
    arrays = {name: np.asarray(value) for name, value in vars(outcomes).items() if value is not None}
    with atomic(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read(path: Path) -> Outcomes:
    """Read what `write` wrote; raises UserError if it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            lists = {name: arrays[name].tolist() for name in ("files", "categories", "experiments", "seeds")}
            folds = arrays.get("folds")
            rest = {name: arrays[name] for name in ("true", "predicted", "log_true", "log_predicted")}
            found = Outcomes(**lists, folds=folds, **rest)
        shape = len(found.experiments), len(found.files)
        if any(one.shape != shape for one in (found.predicted, found.log_true, found.log_predicted)):
            raise ValueError("arrays of different sizes")
        return found
    except (OSError, ValueError, KeyError, EOFError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is damaged ({reason}): delete it and run again") from error
