"""Predictions of single photos and their averages."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ablation import evaluation, training
from ablation.evaluation import Prediction
from ablation.pack import Pack
from ablation.spec import Optimizer, Spec

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


class Table(nn.Module):
    """A network that looks its outputs up: the photo's first value is the row."""

    def __init__(self, logits: list[list[float]]) -> None:
        super().__init__()
        self.register_buffer("logits", torch.tensor(logits))

    def forward(self, batch: Tensor) -> Tensor:
        found: Tensor = self.logits[(batch[:, 0, 0, 0] * 255).round().long()]
        return found


def photos(labels: list[int], training: list[bool]) -> Pack:
    pixels = np.zeros((len(labels), 2, 2, 3), dtype=np.uint8)
    pixels[:, 0, 0, 0] = np.arange(len(labels))
    files = [f"a b/{number}.jpg" for number in range(len(labels))]
    return Pack(pixels, np.array(labels), np.array(training), files, ["rose", "lily, white", 'the "iris"'])


def test_one_row_a_validation_photo() -> None:
    logits = [[9.0, 9.0, 9.0], [0.0, 0.0, 5.0], [9.0, 9.0, 9.0], [2.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    found = evaluation.predict(
        Table(logits), SPEC, photos([0, 2, 1, 1, 0], [True, False, True, False, False]), CPU
    )
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
    net = Table([logits] * 4)
    found = evaluation.predict(net, SPEC, pack, CPU)
    validation = training.Photos.of(pack, training=False, device=CPU)
    _, hits = training.losses_and_hits(
        training.predict(net, SPEC, validation, CPU, "fp32"), validation.labels
    )
    assert [one.true == one.predicted for one in found] == hits.bool().tolist()
    chosen = int(np.argmax(np.float32(logits)))
    assert {one.predicted for one in found} == {pack.categories[chosen]}
    assert all(0 < one.probability <= 1 for one in found)


@pytest.mark.parametrize("softmax", [None, 0, 1])
def test_averages_are_those_of_the_best_epoch(softmax: int | None) -> None:
    """Also where a photo's output depends on its batch."""
    rng = np.random.default_rng(0)
    pack = photos(rng.integers(0, 3, 23).tolist(), (rng.random(23) < 0.5).tolist())
    pack.photos[:] = rng.integers(0, 256, pack.photos.shape)
    torch.manual_seed(0)
    layers = [nn.Flatten(), nn.Linear(12, 3)] + ([] if softmax is None else [nn.Softmax(dim=softmax)])
    net = nn.Sequential(*layers)
    trained = training.train(net, SPEC, pack, CPU)
    net.load_state_dict(trained.best_state)
    found = evaluation.metrics(evaluation.predict(net, SPEC, pack, CPU))
    best = trained.history[trained.best_epoch - 1]
    assert found["val_loss"] == pytest.approx(best.val_loss, rel=1e-12)
    assert found["val_accuracy"] == best.val_accuracy
    assert found["photos"] == (~pack.training).sum()


def test_metrics() -> None:
    rows = [
        Prediction("1", "rose", "rose", 0.9, 0.25),
        Prediction("2", "rose", "lily", 0.6, 1.25),
        Prediction("3", "lily", "lily", 0.5, 0.75),
    ]
    assert evaluation.metrics(rows) == {"photos": 3, "correct": 2, "val_loss": 0.75, "val_accuracy": 2 / 3}


def test_predictions_round_trip(tmp_path: Path) -> None:
    rows = [
        Prediction("a, b/1.jpg", 'the "iris"', "été", 0.1 + 0.2, 1e-17),
        Prediction("two\nlines.jpg", "none", "", 1 / 3, 123456.789012345),
    ]
    evaluation.write_predictions(rows, tmp_path / "predictions.csv")
    with (tmp_path / "predictions.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == ["file", "true", "predicted", "probability", "loss"]
    read = [
        Prediction(row["file"], row["true"], row["predicted"], float(row["probability"]), float(row["loss"]))
        for row in found
    ]
    assert read == rows
