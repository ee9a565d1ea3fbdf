"""Which photos validated a run, and which test it: labels by the manifest, and by the run's fold.

The labels are the manifest's. Every pack has them in the same order, whatever its photos' size, but packs may
have been deleted to save disk.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ablation.photos import folds, manifest
from ablation.photos.pack import Index
from ablation.results import outputs
from ablation.results.outputs import Outputs
from ablation.running.files import sha256


def photos(path: Path) -> Index:
    """Read what a pack would know of a data set's photos from its manifest; UserError if that is damaged."""
    entries = manifest.read(path)
    names = dict(sorted((entry.label, entry.category) for entry in entries))
    splits = np.array([entry.split for entry in entries])
    return Index(
        labels=np.array([entry.label for entry in entries], dtype=np.int64),
        training=splits == manifest.TRAIN,
        files=[entry.file for entry in entries],
        categories=list(names.values()),
        manifest_sha256=sha256(path),
        test=splits == manifest.TEST if manifest.TEST in splits else None,
    )


def record_of(run: Path) -> dict[str, Any]:
    """Read what a run says of itself (results/record.py)."""
    found: dict[str, Any] = json.loads((run / "record.json").read_text(encoding="utf-8"))
    return found


def of_run(index: folds.T, record: dict[str, Any]) -> folds.T:
    """Return the photos as a run has them: those of its fold validate, where it has one."""
    return folds.applied(index, record["folds"], record["fold"], record["split_seed"])


def outputs_of(run: Path, its: Index, *, test: bool = False) -> Outputs:
    """Return what a run's best weights made of its validation photos, or the test set, in `its` order.

    Raises UserError if they are not readable, and ValueError if they are of another number of photos or
    classes.
    """
    file = outputs.TEST_FILE if test else outputs.FILE
    rows = its.test if test and its.test is not None else its.validating
    found, expected = outputs.read(run / file), (int(rows.sum()), len(its.categories))
    if found.shape != expected:
        raise ValueError(f"{file} has the shape {found.shape} in place of {expected}")
    return found
