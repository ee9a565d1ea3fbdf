"""A tiny network and a tiny pack, on which the tests of trainings train."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ablation.photos.pack import Pack
from ablation.spec import Optimizer, Spec
from ablation.training.history import Epoch

CPU = torch.device("cpu")
SIDE = 4
CLASSES = 3
SGD = Optimizer("sgd", learning_rate=0.05, momentum=0.9, weight_decay=0.01, schedule="constant")
ADAMW = Optimizer("adamw", learning_rate=0.01, momentum=0.0, weight_decay=0.1, schedule="constant")
RANDOM = (
    ("horizontal_flip", {"probability": 0.5}),
    ("rotation", {"degrees": 90.0}),
    ("color_jitter", {"brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "hue": 0.1}),
    ("grayscale", {"probability": 0.5}),
)
NORMALIZE = ("normalize", {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4]})


def spec(**changes: Any) -> Spec:
    plain = Spec(
        backbone="alexnet",
        architecture="original",
        augmentation=(),
        optimizer=SGD,
        weights="none",
        image_size=SIDE,
        batch_size=3,
        epochs=4,
        patience=100,
        precision="fp32",
        seed=0,
    )
    return replace(plain, **changes)


def photos(train: int = 8, val: int = 5, seed: int = 0, side: int = SIDE) -> Pack:
    """A pack in which a photo's first value is its label and its second its number, in mixed order."""
    rng = np.random.default_rng(seed)
    count = train + val
    pixels = rng.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    labels = rng.integers(0, CLASSES, count)
    pixels[:, 0, 0, 0], pixels[:, 0, 0, 1] = labels, np.arange(count)
    trains = rng.permutation(count) < train
    files = [f"{number}.jpg" for number in range(count)]
    return Pack(labels, trains, files, ["rose", "lily", "iris"], photos=pixels)


class Tiny(nn.Module):
    """A linear network that records what goes through it."""

    def __init__(self, *layers: nn.Module, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.layers = nn.Sequential(*(layers or (nn.Flatten(), nn.Linear(3 * SIDE * SIDE, CLASSES))))
        self.seen: list[tuple[bool, Tensor, Tensor]] = []

    def forward(self, batch: Tensor) -> Tensor:
        inputs = batch.detach().clone()
        outputs: Tensor = self.layers(batch)
        self.seen.append((self.training, inputs, outputs.detach().clone()))
        return outputs


def numbers(batch: Tensor) -> list[int]:
    return [round(value) for value in (batch[:, 1, 0, 0] * 255).tolist()]


def state_of(net: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


def without_times(history: list[Epoch]) -> list[Epoch]:
    return [replace(epoch, train_seconds=0, val_seconds=0) for epoch in history]
