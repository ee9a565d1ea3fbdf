"""What runs made of their validation photos, by which confidences are fitted and found too low."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ablation.photos.pack import Index
from ablation.prediction.trained import Trained
from ablation.results import calibration, outputs
from ablation.results.calibration import Calibration, Threshold
from ablation.results.outputs import Outputs
from ablation.results.validation import of_run, record_of
from ablation.running.errors import UserError


def outputs_of(run: Path, photos: Index) -> Outputs:
    """Return a run's outputs; raises UserError unless they are of the validation photos of this manifest."""
    if not (run / outputs.FILE).is_file() or not (run / "record.json").is_file():
        raise UserError(f"{run} has no {outputs.FILE} and record.json: name the folder of a finished run")
    found = outputs.read(run / outputs.FILE)
    record = record_of(run)
    its = of_run(photos, record)
    fits = found.shape == (its.validating.sum(), len(photos.categories))
    if record["manifest_sha256"] != photos.manifest_sha256 or not fits:
        raise UserError(
            f"{run} was trained on other photos, or another split, than the manifest has: "
            "name the manifest of its data set, or train it again"
        )
    return found


def calibrated(one: Trained, run: Path, photos: Index) -> Trained:
    """Return a run's network with the temperature that its validation photos ask for."""
    found = outputs_of(run, photos)
    its = of_run(photos, record_of(run))
    fitted = Calibration.of(found, its.labels[its.validating])
    about = one.about | {"calibration": fitted.to_dict()}
    return replace(one, temperature=fitted.temperature, about=about)


def threshold(ensemble: Sequence[Trained], runs: Sequence[Path], photos: Index, accuracy: float) -> Threshold:
    """Return the confidence of an ensemble above which validation photos are right as often as wanted.

    Raises UserError unless all runs validated on the same photos of these, as folds do not.
    """
    each_its = [of_run(photos, record_of(run)) for run in runs]
    if any(not np.array_equal(its.validating, each_its[0].validating) for its in each_its):
        raise UserError("the runs validated on other photos each, as folds do: name runs of one fold")
    if not 0 < accuracy <= 1:
        raise UserError(f"the wanted accuracy is {accuracy}: make it more than 0 and at most 1")
    each = [
        calibration.probabilities(outputs_of(run, photos), one.temperature or 1.0)
        for one, run in zip(ensemble, runs, strict=True)
    ]
    labels = each_its[0].labels[each_its[0].validating]
    found = calibration.confident(np.mean(each, axis=0), labels)
    return calibration.threshold(*found, accuracy)
