"""Each use of chance has a stream of its own, and a plain loop of PyTorch trains as ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from tiny import CLASSES, CPU, NORMALIZE, RANDOM, SGD, SIDE, Tiny, photos, spec, state_of
from torch import Generator, Tensor, nn
from torch.nn import functional
from torchvision.transforms import v2
from trainings import network

from ablation.spec import Spec
from ablation.training import loop
from ablation.training.streams import Streams

pytestmark = pytest.mark.usefixtures("_one_thread")
FLIP = ("horizontal_flip", {"probability": 0.5})


def stream(seed: int, place: int) -> Generator:
    """The generator of order (0), augmentation (1) or mixing (2), as numpy derives the k-th child."""
    child = np.random.SeedSequence(seed, spawn_key=(place,))
    return Generator().manual_seed(int(child.generate_state(1, np.uint64)[0]))


def orders(recipe: Spec) -> list[list[int]]:
    """The photos of each epoch in the order in which they train."""
    found: list[list[int]] = []

    def watch(batches: Sequence[Tensor], _epoch: int) -> Sequence[Tensor]:
        found.append(torch.cat(list(batches)).tolist())
        return batches

    loop.train(network(), recipe, photos(), CPU, watch)
    return found


@pytest.mark.parametrize("balance", ["none", "sampling"])
@pytest.mark.parametrize("seed", [0, 7])
def test_what_augments_and_mixes_does_not_change_the_order(seed: int, balance: str) -> None:
    plain = spec(seed=seed, balance=balance, epochs=5)
    recipes = [
        plain,
        replace(plain, augmentation=(FLIP,)),
        replace(plain, augmentation=(*RANDOM, NORMALIZE)),
        replace(plain, mixup=0.4),
        replace(plain, augmentation=RANDOM, mixup=0.2, cutmix=1.0),
    ]
    first, *others = map(orders, recipes)
    assert all(other == first for other in others)
    assert len(set(map(tuple, first))) == 5
    assert orders(replace(plain, seed=seed + 1)) != first


def test_mixing_does_not_change_the_augmentation() -> None:
    """By shares of 0 or 1, mixed photos are those of the training that mixes none, or their partners."""
    found = []
    for recipe in (spec(augmentation=RANDOM), spec(augmentation=RANDOM, mixup=1e-9)):
        net = Tiny()
        loop.train(net, recipe, photos(), CPU)
        found.append([inputs for trains, inputs, _ in net.seen if trains])
    for plain, mixed in zip(*found, strict=True):
        # Beta(1e-9, 1e-9) is 0 or 1: each photo is itself, or its partner.
        partners = torch.cat([plain[-1:], plain[:-1]])
        assert torch.allclose(mixed, plain) or torch.allclose(mixed, partners)


def test_streams_go_on_where_they_were() -> None:
    one, other = Streams.of(4), Streams.of(5)
    for generator in (one.order, one.augmentation, one.augmentation, one.mixing):
        torch.rand(3, generator=generator)
    other.load_state_dict(one.state_dict())
    for name in ("order", "augmentation", "mixing"):
        drawn = [torch.rand(4, generator=getattr(streams, name)) for streams in (one, other)]
        assert torch.equal(*drawn)


@pytest.mark.parametrize("seed", [0, 1, 2**63])
def test_streams_differ_from_each_other_and_from_those_of_other_seeds(seed: int) -> None:
    drawn = [
        tuple(torch.randint(2**62, (4,), generator=getattr(Streams.of(each), name)).tolist())
        for each in (seed, seed + 1)
        for name in ("order", "augmentation", "mixing")
    ]
    assert len(set(drawn)) == 6
    for place, name in enumerate(("order", "augmentation", "mixing")):
        theirs = torch.randint(2**62, (4,), generator=stream(seed, place))
        assert tuple(theirs.tolist()) == drawn[place], name


# --- an independent training ------------------------------------------------------------------------


def plain_training(
    net: nn.Module, recipe: Spec, mixes: bool
) -> tuple[list[list[float]], list[dict[str, Tensor]]]:
    """Train by a plain loop: PyTorch's optimizer on its own parameters, torchvision photo by photo.

    Returns the losses and accuracies of each epoch, and the weights after it.
    """
    pack = photos()
    labels = torch.from_numpy(pack.labels)
    pixels = torch.from_numpy(pack.photos).permute(0, 3, 1, 2).float() / 255
    trains, validates = (torch.from_numpy(np.flatnonzero(pack.training == part)) for part in (True, False))
    normalize = v2.Normalize(**NORMALIZE[1])
    order, augmentation, mixing = (stream(recipe.seed, place) for place in range(3))
    values = recipe.optimizer
    optimizer = torch.optim.SGD(
        net.parameters(), values.learning_rate, values.momentum, weight_decay=values.weight_decay
    )
    shown = torch.arange(len(validates))
    if recipe.architecture == "softmax_output":
        shown = torch.randperm(len(validates), generator=Generator().manual_seed(0))
    figures, states = [], []
    for _ in range(recipe.epochs):
        net.train()
        losses = hits = 0.0
        for batch in trains[torch.randperm(len(trains), generator=order)].split(recipe.batch_size):
            flips = torch.rand(len(batch), generator=augmentation) < 0.5
            each = [pixels[k].flip(-1) if flip else pixels[k] for k, flip in zip(batch, flips, strict=True)]
            inputs, targets = normalize(torch.stack(each)), functional.one_hot(labels[batch], CLASSES).float()
            if mixes:
                rng = np.random.default_rng(int(torch.randint(2**63 - 1, (), generator=mixing)))
                share = rng.beta(recipe.mixup, recipe.mixup)
                inputs, targets = (
                    share * values + (1 - share) * values.roll(1, 0) for values in (inputs, targets)
                )
            outputs = net(inputs)
            loss = functional.cross_entropy(outputs, targets, label_smoothing=recipe.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += loss.item() * len(batch)
            hits += (outputs.argmax(1) == targets.argmax(1)).sum().item()
        net.eval()
        with torch.no_grad():
            outputs = torch.cat(
                [net(normalize(pixels[each])) for each in validates[shown].split(recipe.batch_size)]
            )
        truth = labels[validates[shown]]
        val_loss = functional.cross_entropy(outputs, truth).item()
        val_hits = (outputs.argmax(1) == truth).float().mean().item()
        figures.append([losses / len(trains), hits / len(trains), val_loss, val_hits])
        states.append(state_of(net))
    return figures, states


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seed": 9},
        {"mixup": 0.4, "label_smoothing": 0.1},
        {"architecture": "softmax_output"},
    ],
    ids=["plain", "another seed", "mixed", "softmax over the batch"],
)
def test_a_plain_training_agrees_to_rounding(changes: dict[str, Any]) -> None:
    recipe = spec(augmentation=(FLIP, NORMALIZE), optimizer=SGD, epochs=6, **changes)

    def made() -> Tiny:
        # No batch normalisation, which over two photos makes much of rounding.
        torch.manual_seed(5)
        wide = 3 * SIDE * SIDE
        net = Tiny(nn.Flatten(), nn.Linear(wide, 12), nn.ReLU(), nn.Dropout(0.3), nn.Linear(12, CLASSES))
        if recipe.architecture == "softmax_output":
            net.layers.append(nn.Softmax(dim=0))
        torch.manual_seed(recipe.seed)  # of dropout
        return net

    trained = loop.train(made(), recipe, photos(), CPU)
    figures, states = plain_training(made(), recipe, mixes=bool(recipe.mixup))
    ours = [[one.train_loss, one.train_accuracy, one.val_loss, one.val_accuracy] for one in trained.history]
    np.testing.assert_allclose(ours, figures, rtol=1e-5)
    for name, value in states[trained.best_epoch - 1].items():
        torch.testing.assert_close(trained.best_state[name], value, rtol=1e-4, atol=1e-6)
