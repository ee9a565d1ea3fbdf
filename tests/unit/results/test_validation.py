"""The labels of a study's photos, and what runs guess of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hand_made_runs import CATEGORIES, TRAINING, VALIDATION, write_manifest, write_outputs

from ablation.photos import manifest, pack, packing
from ablation.results import predictions, validation
from ablation.running.errors import UserError
from ablation.running.files import sha256, write_json


def test_the_photos_are_the_manifests(tmp_path: Path) -> None:
    photos = validation.photos(write_manifest(tmp_path / "manifest.csv"))
    assert photos.labels[photos.training].tolist() == TRAINING
    assert photos.labels[photos.validating].tolist() == VALIDATION
    assert photos.categories == CATEGORIES
    assert photos.manifest_sha256 == sha256(tmp_path / "manifest.csv")


def test_guesses_are_those_of_the_predictions(tmp_path: Path) -> None:
    """Which are read by way of the pack: the same photos in the same order, the first of equal outputs."""
    listed = write_manifest(tmp_path / "manifest.csv")
    (tmp_path / "pack").mkdir()
    entries = manifest.read(listed)
    write_json(tmp_path / "pack/pack.json", packing.described(entries, sha256(listed), ""))
    index = pack.load_index(tmp_path / "pack")
    outputs = np.random.default_rng(0).integers(0, 2, (len(VALIDATION), len(CATEGORIES)))
    write_outputs(tmp_path, outputs.astype(np.float32))
    photos = validation.photos(listed)
    assert index.labels[~index.training].tolist() == photos.labels[photos.validating].tolist()
    names = [photos.categories[guess] for guess in validation.outputs_of(tmp_path, photos).argmax(1)]
    assert names == [one.predicted for one in predictions.of(tmp_path, index)]


@pytest.mark.parametrize("shape", [(len(VALIDATION) - 1, 3), (len(VALIDATION), 2)])
def test_outputs_of_other_photos_are_refused(tmp_path: Path, shape: tuple[int, int]) -> None:
    photos = validation.photos(write_manifest(tmp_path / "manifest.csv"))
    write_outputs(tmp_path, np.zeros(shape, dtype=np.float32))
    with pytest.raises(ValueError, match=r"outputs\.npy has the shape \(.*\) in place of \(16, 3\)"):
        validation.outputs_of(tmp_path, photos)


def test_a_damaged_manifest_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("file,label\n")
    with pytest.raises(UserError, match=r"manifest\.csv is damaged \(.*\): delete it and run again"):
        validation.photos(tmp_path / "manifest.csv")
