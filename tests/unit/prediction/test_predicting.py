"""Predictions of files: those of the training's own validation, in order, with broken photos among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from flowers import Flowers
from scipy import special

from ablation.networks.weight_files import read_weights, write_weights
from ablation.prediction import predicting, trained
from ablation.prediction.predicting import (
    Broken,
    Classified,
    Ensemble,
    Photo,
    classify,
    in_batches,
    in_streams,
)
from ablation.running.errors import UserError

CPU = torch.device("cpu")
Way = Callable[..., Iterator[Classified | Broken]]


def photos(flowers: Flowers) -> list[Photo]:
    return [Photo(file, flowers.photos / file) for file in flowers.files]


def found(ensemble: Ensemble, given: list[Photo], way: Way = classify, **how: int) -> np.ndarray:
    each = list(way(ensemble, given, **how))
    assert [one.name for one in each] == [one.name for one in given]
    assert all(isinstance(one, Classified) for one in each)
    return np.array([one.probabilities for one in each if isinstance(one, Classified)])


@pytest.mark.parametrize("name", ["crop", "squash"])
@pytest.mark.parametrize("batch", [1, 4, 32])
@pytest.mark.parametrize("way", [in_streams, in_batches])
def test_validation_photos_have_the_runs_outputs(flowers: Flowers, name: str, batch: int, way: Way) -> None:
    run = flowers.runs[name]
    ensemble = Ensemble([trained.load(run.folder)], CPU)
    expected = special.softmax(run.outputs().astype(np.float64), 1)
    made = found(ensemble, photos(flowers), way, threads=2, batch=batch)
    np.testing.assert_allclose(made, expected, rtol=0, atol=1e-6)
    # Else any network would do.
    assert np.ptp(expected, axis=0).max() > 1e-3
    assert ensemble.classes == ["10", "2", "rose"]
    assert not ensemble.calibrated


def test_an_ensemble_is_the_mean_of_probabilities(flowers: Flowers) -> None:
    """Each has photos of its own size, made square in its own way."""
    each = [special.softmax(run.outputs().astype(np.float64), 1) for run in flowers.runs.values()]
    members = [trained.load(run.folder) for run in flowers.runs.values()]
    together = found(Ensemble(members, CPU), photos(flowers))
    np.testing.assert_allclose(together, np.mean(each, axis=0), rtol=0, atol=1e-6)
    assert abs(each[0] - each[1]).max() > 1e-3


@pytest.mark.parametrize("way", [in_streams, in_batches])
def test_broken_photos_are_told_of_in_their_place(flowers: Flowers, tmp_path: Path, way: Way) -> None:
    good = photos(flowers)
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("no photo")
    whole = good[0].path.read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    bad = [Photo(name, tmp_path / name) for name in ("empty.jpg", "text.jpg", "cut.png", "gone.jpg")]
    ensemble = Ensemble([trained.load(flowers.runs["crop"].folder)], CPU)
    mixed = [bad[0], good[0], bad[1], bad[2], bad[3], *good[1:]]
    seen = list(way(ensemble, mixed, threads=2, batch=2))
    assert [one.name for one in seen] == [one.name for one in mixed]
    broken = {one.name: one.why for one in seen if isinstance(one, Broken)}
    assert list(broken) == [one.name for one in bad]
    assert broken["empty.jpg"] == "is empty"
    assert broken["text.jpg"].startswith("cannot be read as a photo (")
    assert broken["gone.jpg"].startswith("does not exist")
    alone = found(ensemble, good)
    kept = [one.probabilities for one in seen if isinstance(one, Classified)]
    np.testing.assert_allclose(kept, alone, rtol=0, atol=1e-6)


def test_nothing_but_broken_photos_and_no_photo(flowers: Flowers, tmp_path: Path) -> None:
    ensemble = Ensemble([trained.load(flowers.runs["crop"].folder)], CPU)
    assert list(classify(ensemble, [])) == []
    (one,) = classify(ensemble, [Photo("gone.jpg", tmp_path / "gone.jpg")])
    assert isinstance(one, Broken)


@pytest.mark.parametrize("way", [in_streams, in_batches])
def test_no_more_photos_wait_than_a_bound(
    flowers: Flowers, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    """However many there are, those begun are some batches more than those taken."""
    begun: list[Path] = []
    real = predicting.photo
    monkeypatch.setattr(predicting, "photo", lambda path: begun.append(path) or real(path))
    ensemble = Ensemble([trained.load(flowers.runs["crop"].folder)], CPU)
    given = 20 * photos(flowers)
    for done, _ in enumerate(way(ensemble, given, threads=2, batch=2)):
        # Each of two threads has its batches ahead, beside the one that is being taken.
        assert len(begun) <= done + 2 * (1 + 2 * predicting.AHEAD)
    assert len(begun) == len(given)


def test_what_has_other_classes_is_refused(flowers: Flowers) -> None:
    one, other = (trained.load(run.folder) for run in flowers.runs.values())
    other.classes.reverse()
    with pytest.raises(UserError, match="has other classes than"):
        Ensemble([one, other], CPU)


def test_temperatures_are_applied(flowers: Flowers) -> None:
    from dataclasses import replace

    run = flowers.runs["crop"]
    ensemble = Ensemble([replace(trained.load(run.folder), temperature=2.5)], CPU)
    expected = special.softmax(run.outputs().astype(np.float64) / 2.5, 1)
    np.testing.assert_allclose(found(ensemble, photos(flowers)), expected, rtol=0, atol=1e-6)
    assert ensemble.calibrated


def test_what_a_network_trained_in_changes_nothing(flowers: Flowers, tmp_path: Path) -> None:
    """As an export computes, and every machine."""
    run = flowers.runs["crop"].folder
    state, about = read_weights(run / trained.WEIGHTS)
    write_weights(tmp_path / "bf16.safetensors", state, about | {"precision": "bf16"})
    one, other = (Ensemble([trained.load(path)], CPU) for path in (run, tmp_path / "bf16.safetensors"))
    np.testing.assert_array_equal(found(one, photos(flowers)), found(other, photos(flowers)))
