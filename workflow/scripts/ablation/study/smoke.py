"""A smoke test: every step of a study in minutes, on few photos and for an epoch, with its results apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ablation.spec import Spec

# Behind the name of a data set of which only few photos take part (photos/few.py).
SUFFIX = "-smoke"
# At most, of few photos a class.
FOLDS = 2


def dataset(config: dict[str, Any], name: str) -> str:
    """Return the data set of a study that has its place: in a smoke test the one of few photos."""
    return name + SUFFIX if config["smoke"] else name


def spec(config: dict[str, Any], full: Spec) -> Spec:
    """Return the spec of a study that has its place: in a smoke test an epoch of each of its phases."""
    if not config["smoke"]:
        return full
    head_epochs = min(full.head_epochs, 1)
    optimizer = replace(full.optimizer, warmup_epochs=0.0, step_epochs=min(full.optimizer.step_epochs, 1))
    return replace(
        full,
        epochs=1 + head_epochs,
        head_epochs=head_epochs,
        optimizer=optimizer,
        patience=1 + head_epochs,
        folds=min(full.folds, FOLDS),
    )


def seeds(config: dict[str, Any], full: tuple[int, ...]) -> tuple[int, ...]:
    """Return the seeds of an experiment that have their place: in a smoke test the first alone."""
    return full[:1] if config["smoke"] else full
