"""Which photos of real trainings are explained, by what the network got, and what is said without."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from flowers import Flowers
from torch import nn

from ablation.photos.photo import photo
from ablation.prediction import explaining, layers, trained
from ablation.prediction.activation import Explainer
from ablation.prediction.explaining import chosen, explain
from ablation.results.predictions import Prediction
from ablation.running.errors import UserError

WAYS = ("crop", "squash")


def prediction(file: str, true: str, predicted: str, probability: float) -> Prediction:
    return Prediction(file, true, predicted, probability, 0.5)


def test_the_surest_are_chosen_right_ones_of_a_class_each() -> None:
    found = [
        prediction("a", "rose", "rose", 0.7),
        prediction("b", "rose", "rose", 0.9),
        prediction("c", "lily", "rose", 0.4),
        prediction("d", "lily", "lily", 0.8),
        prediction("e", "rose", "lily", 0.6),
        prediction("f", "iris", "iris", 0.8),
        prediction("g", "iris", "rose", 0.6),
        prediction("h", "iris", "lily", 0.5),
    ]
    right, wrong = chosen(found, 3)
    assert [one.file for one in right] == ["b", "d", "f"]
    assert [one.file for one in wrong] == ["e", "g", "h"]
    right, wrong = chosen(found, 9)
    assert [one.file for one in right] == ["b", "d", "f"]
    assert [one.file for one in wrong] == ["e", "g", "h", "c"]
    assert chosen(found[:1], 2) == ([found[0]], [])


@pytest.mark.parametrize("name", WAYS)
def test_real_runs(flowers: Flowers, name: str) -> None:
    run = flowers.runs[name]
    found = explain(run.folder, flowers.manifest, flowers.photos)
    outputs = run.outputs()
    assert found.missing is None
    assert found.photos == len(outputs) == len(flowers.files)
    assert re.fullmatch(r"Grad-CAM of layer [\w.]+ \((\d+) x \1 places\)", found.how)
    shown = list(found.explained)
    assert len(shown) > 1
    assert sum(one.right for one in shown) <= min(found.hits, explaining.MOST)
    for one in shown:
        assert len(one.maps) == (1 if one.right else 2)
        assert {each.shape for each in one.maps} == {(one.photo.height, one.photo.width)}
        assert one.is_cut == (name == "crop" and one.photo.height != one.photo.width)
        for each in one.maps:
            assert each[~np.isnan(each)].min() >= 0
            assert np.nanmax(each) <= 1
    # None is square, or little would be tested.
    assert all(one.photo.height != one.photo.width for one in shown)


@pytest.mark.parametrize("name", WAYS)
def test_the_network_gets_what_it_validated_on(flowers: Flowers, name: str) -> None:
    """So that its outputs are those that the training kept."""
    run = flowers.runs[name]
    first = photo(flowers.photos / flowers.files[0])
    explainer = Explainer(trained.load(run.folder), first)
    kept: list[Any] = []
    explainer.trained.net.register_forward_hook(lambda _net, _inputs, output: kept.append(output.detach()))
    for file in flowers.files:
        explainer.maps(photo(flowers.photos / file), [0])
    np.testing.assert_allclose(torch.cat(kept), run.outputs(), rtol=0, atol=1e-5)


@pytest.fixture
def run(flowers: Flowers, tmp_path: Path) -> Path:
    """A copy of a run."""
    return Path(shutil.copytree(flowers.runs["squash"].folder, tmp_path / "run"))


def test_what_was_deleted_is_named(flowers: Flowers, run: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    told = explain(run, gone / "manifest.csv", flowers.photos).missing
    assert told == f"{gone / 'manifest.csv'} is not there: index the photos again"
    told = explain(run, flowers.manifest, gone).missing
    assert told is not None
    assert told.startswith(f"{gone}/")
    assert told.endswith(" was deleted: restore the photos")
    (run / "weights.safetensors").unlink()
    found = explain(run, flowers.manifest, flowers.photos)
    assert found.missing == (
        f"{run / 'weights.safetensors'} was deleted: it takes a training to make it again"
    )
    assert list(found.explained) == []


def test_a_network_without_places_is_named(
    flowers: Flowers, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(path: Path) -> trained.Trained:
        one = load(path)
        side = one.preparation.way.size
        return replace(one, net=nn.Sequential(nn.Flatten(), nn.Linear(3 * side * side, 3)).eval())

    load = trained.load
    monkeypatch.setattr(trained, "load", without)
    found = explain(run, flowers.manifest, flowers.photos)
    assert found.missing == "squeezenet1_1 has no layer with places that decide its outputs"


def test_a_run_of_another_manifest_is_refused(flowers: Flowers, run: Path, tmp_path: Path) -> None:
    text = flowers.manifest.read_text(encoding="utf-8")
    (tmp_path / "other.csv").write_text(text.replace("val", "train", 1), encoding="utf-8")
    with pytest.raises(UserError, match="was trained on other photos, or another split"):
        explain(run, tmp_path / "other.csv", flowers.photos)


def test_the_layer_is_found_once(flowers: Flowers, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    last = layers.last
    monkeypatch.setattr(layers, "last", lambda *given: calls.append(1) or last(*given))
    list(explain(flowers.runs["squash"].folder, flowers.manifest, flowers.photos).explained)
    assert calls == [1]
