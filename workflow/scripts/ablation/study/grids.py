"""Studies that try everything with everything: by what their experiments are told apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

# What may make a grid, as columns of summary.csv; what comes first stands for what goes along with it, as a
# learning rate that every network has its own of.
THINGS = (
    *("backbone", "architecture", "augmentation", "learning_rate", "optimizer", "weights"),
    *("image_size", "batch_size"),
)


def of(experiments: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return two or more things, each combination of whose values is one experiment; none if it is no grid.

    Experiments are rows as `Experiment.described` gives them. What has most values comes first: rows,
    columns, and what tells panels apart.
    """
    rows = list(experiments)
    found: list[str] = []
    for name in THINGS:
        if len({row[name] for row in rows}) > 1 and not any(_follows(rows, name, one) for one in found):
            found.append(name)
    sizes = {name: len({row[name] for row in rows}) for name in found}
    different = {tuple(row[name] for name in found) for row in rows}
    if len(found) < 2 or not len(different) == len(rows) == prod(sizes.values()):
        return []
    return sorted(found, key=lambda name: -sizes[name])


def _follows(rows: Iterable[Mapping[str, Any]], name: str, other: str) -> bool:
    """Tell whether one thing is the same wherever another is."""
    pairs = {(row[other], row[name]) for row in rows}
    return len(pairs) == len({first for first, _ in pairs})
