"""A training between two batches."""

from __future__ import annotations

import pytest
import torch
from states import assert_same
from tiny import ADAMW, CLASSES, CPU, SGD, SIDE, Tiny, spec, state_of
from torch import nn
from torch.nn import functional

from ablation.spec import Optimizer
from ablation.training import optimization, placement, state


@pytest.mark.parametrize("values", [SGD, ADAMW])
def test_parameters_laid_in_a_row_are_trained_to_the_same_bytes(values: Optimizer) -> None:
    """Against PyTorch's own way: the optimizer on the parameters as they are, channels last."""

    def network() -> nn.Module:
        torch.manual_seed(0)
        layers = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, (1, 2), groups=2)
        net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8, CLASSES))
        return placement.place(net, CPU).train()

    torch.manual_seed(1)
    batches = [(torch.rand(5, 3, SIDE, SIDE), torch.randint(CLASSES, (5,))) for _ in range(6)]
    ours = state.Training(network(), spec(optimizer=values), 100, CPU)
    theirs = network()
    optimizer = optimization.make_optimizer(list(theirs.parameters()), values)
    for pixels, labels in batches:
        ours.step(pixels, labels)
        optimizer.zero_grad()
        functional.cross_entropy(theirs(pixels), labels).backward()
        optimizer.step()
    assert_same(state_of(ours.net), state_of(theirs))


def test_the_best_weights_are_a_copy() -> None:
    kept = state.Training(Tiny(), spec(), 8, CPU)
    kept.keep_weights()
    first = {name: value.clone() for name, value in kept.trained.best_state.items()}
    with torch.no_grad():
        kept.net.layers[1].weight += 1  # type: ignore[index,operator]
    assert_same(kept.trained.best_state, first)
    kept.keep_weights()
    assert_same(kept.trained.best_state, state_of(kept.net))
