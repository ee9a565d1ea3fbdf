"""What runs made of their validation photos, by which confidences are fitted and found too low."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ablation.prediction.trained import Trained
from ablation.results import calibration, outputs
from ablation.results.calibration import Calibration, Threshold
from ablation.results.outputs import Outputs
from ablation.results.validation import Photos
from ablation.running.errors import UserError


def outputs_of(run: Path, photos: Photos) -> Outputs:
    """Return a run's outputs; raises UserError unless they are of the validation photos of this manifest."""
    if not (run / outputs.FILE).is_file() or not (run / "record.json").is_file():
        raise UserError(f"{run} has no {outputs.FILE} and record.json: name the folder of a finished run")
    found = outputs.read(run / outputs.FILE)
    record = json.loads((run / "record.json").read_text(encoding="utf-8"))
    fits = found.shape == (len(photos.validation), len(photos.categories))
    if record["manifest_sha256"] != photos.manifest_sha256 or not fits:
        raise UserError(
            f"{run} was trained on other photos, or another split, than the manifest has: "
            "name the manifest of its data set, or train it again"
        )
    return found


def calibrated(one: Trained, run: Path, photos: Photos) -> Trained:
    """Return a run's network with the temperature that its validation photos ask for."""
    fitted = Calibration.of(outputs_of(run, photos), photos.validation)
    about = one.about | {"calibration": fitted.to_dict()}
    return replace(one, temperature=fitted.temperature, about=about)


def threshold(
    ensemble: Sequence[Trained], runs: Sequence[Path], photos: Photos, accuracy: float
) -> Threshold:
    """Return the confidence of an ensemble above which validation photos are right as often as wanted.

    Raises UserError unless all runs validated on these photos, which folds do not.
    """
    if not 0 < accuracy <= 1:
        raise UserError(f"the wanted accuracy is {accuracy}: make it more than 0 and at most 1")
    each = [
        calibration.probabilities(outputs_of(run, photos), one.temperature or 1.0)
        for one, run in zip(ensemble, runs, strict=True)
    ]
    found = calibration.confident(np.mean(each, axis=0), photos.validation)
    return calibration.threshold(*found, accuracy)
