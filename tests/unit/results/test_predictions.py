"""Predictions of single photos and their averages."""

from __future__ import annotations

import csv
import math
import statistics
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special
from torch import nn

from ablation.photos.pack import Pack
from ablation.results import outputs as outputs_file
from ablation.results import predictions
from ablation.results.predictions import Prediction
from ablation.running.errors import UserError
from ablation.spec import Optimizer, Spec
from ablation.training import loop

CPU = torch.device("cpu")
SPEC = Spec(
    backbone="alexnet",
    architecture="original",
    augmentation=(),
    optimizer=Optimizer("sgd", 0.5, 0.9, 0.0, "constant"),
    weights="none",
    image_size=2,
    batch_size=4,
    epochs=6,
    patience=6,
    precision="fp32",
    seed=0,
)


def photos(labels: list[int], training: list[bool]) -> Pack:
    pixels = np.zeros((len(labels), 2, 2, 3), dtype=np.uint8)
    pixels[:, 0, 0, 0] = np.arange(len(labels))
    files = [f"a b/{number}.jpg" for number in range(len(labels))]
    categories = ["rose", "lily, white", 'the "iris"']
    return Pack(np.array(labels), np.array(training), files, categories, photos=pixels)


def predicted(outputs: np.ndarray, pack: Pack) -> list[Prediction]:
    """What is read from a run's folder that holds these outputs."""
    with tempfile.TemporaryDirectory() as folder:
        outputs_file.write(outputs, Path(folder, "outputs.npy"))
        return predictions.of(Path(folder), pack)


def test_one_row_a_validation_photo() -> None:
    outputs = np.float32([[0, 0, 5], [2, 1, 0], [0, 0, 0]])
    pack = photos([0, 2, 1, 1, 0], [True, False, True, False, False])
    found = predicted(outputs, pack)
    assert [one.file for one in found] == ["a b/1.jpg", "a b/3.jpg", "a b/4.jpg"]
    assert [one.true for one in found] == ['the "iris"', "lily, white", "rose"]
    assert [one.predicted for one in found] == ['the "iris"', "rose", "rose"]
    total = math.exp(2) + math.exp(1) + 1
    assert [one.probability for one in found] == pytest.approx(
        [math.exp(5) / (math.exp(5) + 2), math.exp(2) / total, 1 / 3], rel=1e-6
    )
    assert [one.loss for one in found] == pytest.approx(
        [math.log(1 + 2 * math.exp(-5)), math.log(total) - 1, math.log(3)], rel=1e-5
    )


@pytest.mark.parametrize(
    "logits",
    [
        [0.1, float(np.nextafter(np.float32(0.1), np.float32(1))), 0.0],  # rounds to equal probabilities
        [50.0, 80.0, 80.00001],
        [0.5, 0.5, 0.5],
        [200.0, -200.0, 0.0],
    ],
)
def test_the_prediction_is_the_highest_output(logits: list[float]) -> None:
    """As training counts hits, also where outputs that differ have probabilities that do not."""
    pack = photos([0, 0, 1, 2], [True, False, False, False])
    outputs = torch.tensor([logits] * 3)
    found = predicted(outputs.numpy(), pack)
    losses, hits = loop.losses_and_hits(outputs, torch.tensor([0, 1, 2]))
    assert [one.true == one.predicted for one in found] == hits.bool().tolist()
    assert [one.loss for one in found] == pytest.approx(losses.tolist(), rel=1e-12, abs=1e-300)
    chosen = int(np.argmax(np.float32(logits)))
    assert {one.predicted for one in found} == {pack.categories[chosen]}
    assert all(0 < one.probability <= 1 for one in found)


@pytest.mark.parametrize("softmax", [None, 0, 1])
def test_predictions_add_up_to_the_history(softmax: int | None) -> None:
    """Also where a photo's output depends on its batch. The table takes the history's."""
    rng = np.random.default_rng(0)
    pack = photos(rng.integers(0, 3, 23).tolist(), (rng.random(23) < 0.5).tolist())
    pack.photos[:] = rng.integers(0, 256, pack.photos.shape)
    torch.manual_seed(0)
    layers = [nn.Flatten(), nn.Linear(12, 3)] + ([] if softmax is None else [nn.Softmax(dim=softmax)])
    net = nn.Sequential(*layers)
    trained = loop.train(net, SPEC, pack, CPU)
    found = predicted(trained.best_outputs.numpy(), pack)
    best = trained.history[trained.best_epoch - 1]
    assert statistics.fmean(one.loss for one in found) == pytest.approx(best.val_loss, rel=1e-12)
    assert statistics.fmean(one.true == one.predicted for one in found) == best.val_accuracy


@settings(max_examples=50, deadline=None)
@given(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 6), st.just(3)), elements=st.floats(-1e4, 1e4, width=32)),
    st.integers(0, 2),
)
def test_losses_and_probabilities_are_scipys(outputs: np.ndarray, label: int) -> None:
    found = predicted(outputs, photos([label] * len(outputs), [False] * len(outputs)))
    wide = outputs.astype(np.float64)
    assert [one.probability for one in found] == pytest.approx(special.softmax(wide, 1).max(1), rel=1e-12)
    expected = -special.log_softmax(wide, 1)[:, label]
    assert [one.loss for one in found] == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("shape", [(2, 3), (4, 3), (3, 2), (3, 4)])
def test_outputs_of_other_photos_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(UserError, match=r"outputs\.npy is of other photos than the pack: delete"):
        predicted(np.zeros(shape, np.float32), photos([0, 1, 2, 0], [False, False, False, True]))


def test_predictions_round_trip(tmp_path: Path) -> None:
    rows = [
        Prediction("a, b/1.jpg", 'the "iris"', "été", 0.1 + 0.2, 1e-17),
        Prediction("two\nlines.jpg", "none", "", 1 / 3, 123456.789012345),
    ]
    predictions.write(rows, tmp_path / "predictions.csv")
    with (tmp_path / "predictions.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == ["file", "true", "predicted", "probability", "loss"]
    read = [
        Prediction(row["file"], row["true"], row["predicted"], float(row["probability"]), float(row["loss"]))
        for row in found
    ]
    assert read == rows
