"""What trackers show of a finished run: the values that it trained with, its epochs, and what came of it.

The names are those of the project's own files: of spec.json, history.csv, runs.csv and record.json.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from ablation.photos.pack import Index
from ablation.results import collecting, validation
from ablation.spec import run_name

# Of an epoch.
MEASURES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
# Before the names of numbers, by which both programs group them: of an epoch, and of a run's row.
EPOCH, ROW = "epoch", "run"
# Of what the study says of a run, what it says of its record, and texts of its row.
_TAGS = (
    *("study", "data_set", "experiment", "label", "folder"),
    *("manifest_sha256", "torch", "device", "precision"),
    *("ended", "commonest_class"),
)


@dataclass(frozen=True)
class Tracked:
    """A finished run as trackers show it."""

    study: str
    """The data set and the study, as in `demo/default`."""
    name: str
    """Its experiment and its seed, as in `alexnet-flip/seed0`."""
    values: dict[str, str | int | float]
    """All that it trained with: the fields of its spec that are not null, those of the optimizer as
    `optimizer.momentum`; and what the study calls its `augmentation` and its `optimizer`. The transforms of
    the first are `transforms`, as JSON."""
    epochs: list[dict[str, float]]
    """The `MEASURES` of each epoch, from the first, under `EPOCH`/ and their names."""
    seconds: list[float]
    """How long it had trained at the end of each epoch."""
    row: dict[str, float]
    """The numbers of its row of runs.csv, under `ROW`/ and their columns' names; not those that are empty,
    nor `nested_val_accuracy`, which takes other runs."""
    tags: dict[str, str]
    """What it is and where it trained."""
    ended: float
    """When its record was written, in seconds since 1970."""
    curves: Path
    """The picture of its epochs."""


def of(line: dict[str, Any], runs: Path, photos: Index | None) -> Tracked:
    """Read a run of the folder `runs`; `line` says what its files do not, as `chain.trackers` writes it.

    Without `photos` what takes their labels is left out. Raises UserError if its files are not readable.
    """
    run = run_name(line["seed"], line["fold"])
    folder = runs / line["folder"] / run
    found = collecting.measured(folder, photos)
    record = validation.record_of(folder)
    epochs = found.history.to_dict("records")
    known = {**line, **record, **found.columns}
    return Tracked(
        study=f"{line['data_set']}/{line['study']}",
        name=f"{line['experiment']}/{run}",
        values=values(line),
        epochs=[{f"{EPOCH}/{name}": float(epoch[name]) for name in MEASURES} for epoch in epochs],
        seconds=list(accumulate(epoch["train_seconds"] + epoch["val_seconds"] for epoch in epochs)),
        row={f"{ROW}/{name}": float(value) for name, value in found.columns.items() if is_number(value)},
        tags={name: known[name] for name in _TAGS if isinstance(known.get(name), str)},
        ended=(folder / "record.json").stat().st_mtime,
        curves=folder / "curves.png",
    )


def values(line: dict[str, Any]) -> dict[str, str | int | float]:
    """Return all that a run trained with under names; what is null decides nothing and has none."""
    spec = dict(line["spec"])
    optimizer, transforms = spec.pop("optimizer"), spec.pop("augmentation")
    named = {"augmentation": line["augmentation"], "optimizer": line["optimizer"]}
    rest = {f"optimizer.{name}": value for name, value in optimizer.items()}
    every = {**spec, **named, **rest, "transforms": json.dumps(transforms)}
    return {name: value for name, value in every.items() if value is not None}


def is_number(value: Any) -> bool:
    """Tell whether a cell of a run's row holds a number; what could not be measured is None or not finite."""
    try:
        return not isinstance(value, str) and math.isfinite(value)
    except TypeError:
        return False
