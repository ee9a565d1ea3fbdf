"""The average of weights: timm's formula by value, and what is validated and kept is the average."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from states import assert_same
from tiny import ADAMW, CPU, photos, spec, state_of
from torch import Tensor
from trainings import network, train

from ablation.spec import Spec
from ablation.training import loop
from ablation.training.inputs import Augmented

pytestmark = pytest.mark.usefixtures("_one_thread")
HEAD_FIRST = {"trains": "head_then_all", "head_epochs": 2}


def expected(recipe: Spec) -> tuple[dict[str, Tensor], list[dict[str, Tensor]]]:
    """The average after each epoch, by the formula, of the weights after each step of a training."""
    net, weights = network(), list[dict[str, Tensor]]()

    def watch(batches: Sequence[Tensor], _epoch: int) -> Iterator[Tensor]:
        for batch in batches:
            yield batch
            weights.append(state_of(net))

    torch.manual_seed(recipe.seed)
    loop.train(net, recipe, photos(), CPU, watch)
    average, after = dict(weights[0]), list[dict[str, Tensor]]()
    for step, state in enumerate(weights, 1):
        # timm's warm-up, from step 2 on.
        decay = min(recipe.ema_decay, 1 - step ** (-2 / 3))
        for name, value in state.items():
            average[name] = (
                decay * average[name] + (1 - decay) * value if value.is_floating_point() else value
            )
        if step % 3 == 0:
            after.append(dict(average))
    return average, after


@pytest.mark.parametrize("decay", [0.3, 0.9])
@pytest.mark.parametrize("changes", [{}, HEAD_FIRST], ids=["all", "head first"])
def test_the_best_weights_are_the_average_of_all_steps(decay: float, changes: dict[str, Any]) -> None:
    recipe = spec(optimizer=ADAMW, ema_decay=decay, epochs=5, **changes)
    found = train(recipe)
    _, after = expected(recipe)
    for name, value in after[found.best_epoch - 1].items():
        torch.testing.assert_close(found.best_state[name], value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("changes", [{}, HEAD_FIRST], ids=["all", "head first"])
def test_the_average_is_what_is_validated(changes: dict[str, Any]) -> None:
    pack, recipe = photos(), spec(optimizer=ADAMW, ema_decay=0.8, epochs=5, **changes)
    found, net = train(recipe), network()
    net.load_state_dict(found.best_state)
    validation = Augmented.of(pack, recipe, training=False, device=CPU)
    outputs = loop.predict(net, recipe, validation, "fp32")
    torch.testing.assert_close(outputs, found.best_outputs)
    losses, _ = loop.losses_and_hits(outputs, validation.labels)
    best = found.history[found.best_epoch - 1].val_loss
    assert float(losses.mean()) == pytest.approx(best, rel=1e-6)
    assert best == min(epoch.val_loss for epoch in found.history)


def test_it_leaves_the_steps_as_they_are() -> None:
    """Which photos, in which order, and what they do to the network that trains."""
    states = []
    for decay in (0.0, 0.9):
        net = network()
        torch.manual_seed(0)
        loop.train(net, spec(optimizer=ADAMW, ema_decay=decay), photos(), CPU)
        states.append(state_of(net))
    assert_same(*states)
