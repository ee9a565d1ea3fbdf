"""Trainings that can be stopped in any batch, and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from states import assert_same
from tiny import ADAMW, CPU, RANDOM, SGD, SIDE, Tiny, photos, spec, without_times
from torch import Tensor, nn

from ablation.running.signals import Requests
from ablation.spec import Spec
from ablation.training import loop
from ablation.training.checkpoint import Checkpoint
from ablation.training.state import Trained
from ablation.training.transforms.table import TRANSFORMS

MIXED: dict[str, Any] = {
    "label_smoothing": 0.1,
    "mixup": 0.4,
    "cutmix": 1.0,
    "ema_decay": 0.9,
    "balance": "sampling",
}
RECIPES = {
    "sgd": spec(augmentation=RANDOM, optimizer=SGD),
    "adamw": spec(augmentation=RANDOM, optimizer=ADAMW),
    "one cycle": spec(augmentation=RANDOM, optimizer=replace(ADAMW, schedule="one_cycle")),
    "patience": spec(optimizer=replace(SGD, learning_rate=0.3), epochs=9, patience=2),
    "bf16": spec(augmentation=RANDOM, precision="bf16"),
    "head": spec(optimizer=ADAMW, trains="head"),
    "head then all": spec(augmentation=RANDOM, optimizer=ADAMW, trains="head_then_all", head_epochs=2),
    "features then all": spec(optimizer=ADAMW, trains="head_then_all", head_epochs=2),
    "everything": spec(
        augmentation=RANDOM,
        optimizer=replace(
            ADAMW, schedule="cosine", warmup_epochs=1.5, backbone_learning_rate=0.004, layer_decay=0.8
        ),
        **MIXED,
    ),
    "everything, head first": spec(
        optimizer=replace(SGD, schedule="step", step_epochs=1, warmup_epochs=0.5, layer_decay=0.8),
        trains="head_then_all",
        head_epochs=2,
        **MIXED,
    ),
    "features with an average": spec(
        optimizer=ADAMW,
        trains="head_then_all",
        head_epochs=2,
        ema_decay=0.9,
        balance="weights",
        label_smoothing=0.1,
    ),
    "every transform": spec(augmentation=tuple((name, {}) for name in TRANSFORMS)),
}
BATCHES = 3  # an epoch: 8 photos by 3


def network(seed: int = 5) -> Tiny:
    """Dropout draws from PyTorch's global generator; batch norm has buffers."""
    torch.manual_seed(seed)
    wide = 3 * SIDE * SIDE
    layers = (nn.Flatten(), nn.Linear(wide, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.3))
    return Tiny(*layers, nn.Linear(12, 3), seed=seed)


def train(recipe: Spec, keeper: Checkpoint | None = None, after_each: Callable[[], object] = int) -> Trained:
    """Train a new network; `after_each` is called while a batch is being trained."""

    def watch(batches: Sequence[Tensor], _epoch: int) -> Iterator[Tensor]:
        for batch in batches:
            after_each()
            yield batch

    net = network()
    torch.manual_seed(recipe.seed)
    return loop.train(net, recipe, photos(), CPU, watch, checkpoint=keeper)


def assert_same_training(one: Trained, other: Trained) -> None:
    assert without_times(one.history) == without_times(other.history)
    assert (one.best_epoch, one.ended, one.precision) == (other.best_epoch, other.ended, other.precision)
    assert_same(one.best_state, other.best_state)
    assert torch.equal(one.best_outputs, other.best_outputs)


def stopping_after(batches: int, requests: Requests) -> Callable[[], None]:
    """Ask to leave in the batch of this number, from 1."""
    seen = iter(range(1, 10**6))

    def count() -> None:
        requests.leave = next(seen) == batches

    return count
