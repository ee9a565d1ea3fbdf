"""Temperatures and thresholds of real runs, from their outputs and the manifest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from flowers import Flowers
from scipy import special

from ablation.prediction import trained, validated
from ablation.results import calibration, validation
from ablation.running.errors import UserError


def test_a_temperature_of_a_run(flowers: Flowers) -> None:
    photos, run = validation.photos(flowers.manifest), flowers.runs["crop"]
    one = validated.calibrated(trained.load(run.folder), run.folder, photos)
    assert one.temperature == calibration.temperature(run.outputs(), photos.labels[photos.validating])
    assert one.about["calibration"]["photos"] == len(photos.labels[photos.validating]) == len(flowers.files)


def test_a_threshold_is_of_the_mean_of_all(flowers: Flowers) -> None:
    photos = validation.photos(flowers.manifest)
    folders = [run.folder for run in flowers.runs.values()]
    members = [validated.calibrated(trained.load(one), one, photos) for one in folders]
    mean = np.mean(
        [
            special.softmax(run.outputs().astype(np.float64) / one.temperature, 1)
            for run, one in zip(flowers.runs.values(), members, strict=True)
        ],
        axis=0,
    )
    accuracy = float((mean.argmax(1) == photos.labels[photos.validating]).mean())
    found = validated.threshold(members, folders, photos, max(accuracy, 0.01))
    kept = mean.max(1) >= found.confidence - 1e-12
    assert found.kept == kept.sum() == len(photos.labels[photos.validating]) or found.reached is None
    assert validated.threshold(members, folders, photos, 1.0).accuracy == 1.0
    for wrong in (0.0, 1.1, float("nan")):
        with pytest.raises(UserError, match="make it more than 0 and at most 1"):
            validated.threshold(members, folders, photos, wrong)


def test_other_photos_are_refused(flowers: Flowers, tmp_path: Path) -> None:
    photos, run = validation.photos(flowers.manifest), flowers.runs["crop"].folder
    with pytest.raises(UserError, match=r"has no outputs\.npy and record\.json"):
        validated.outputs_of(tmp_path, photos)
    shutil.copytree(run, tmp_path / "run")
    record = json.loads((run / "record.json").read_text())
    (tmp_path / "run/record.json").write_text(json.dumps(record | {"manifest_sha256": "0"}))
    with pytest.raises(UserError, match="was trained on other photos, or another split"):
        validated.outputs_of(tmp_path / "run", photos)
