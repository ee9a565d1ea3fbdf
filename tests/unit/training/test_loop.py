"""Trainings of tiny networks: averages, the best epoch, stopping and validation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from states import assert_same
from tiny import (
    CLASSES,
    CPU,
    NORMALIZE,
    RANDOM,
    SGD,
    SIDE,
    Tiny,
    numbers,
    photos,
    spec,
    state_of,
)
from torch import Tensor, nn

from ablation.running.errors import UserError
from ablation.training import loop
from ablation.training.history import Epoch
from ablation.training.inputs import Augmented

# --- averages ---------------------------------------------------------------------------------------


def averages(pieces: list[tuple[bool, Tensor, Tensor]]) -> tuple[float, float]:
    """Cross-entropy and accuracy over photos, from recorded inputs and outputs, in numpy."""
    inputs, logits = (torch.cat([piece[k] for piece in pieces]).double().numpy() for k in (1, 2))
    labels = (inputs[:, 0, 0, 0] * 255).round().astype(int)
    chosen = logits[np.arange(len(labels)), labels]
    losses = np.log(np.exp(logits).sum(1)) - chosen
    return losses.mean(), (logits.argmax(1) == labels).mean()


@pytest.mark.parametrize("batch_size", [1, 3, 7, 8, 100])
def test_losses_and_accuracies_are_averages_over_photos(batch_size: int) -> None:
    net = Tiny()
    trained = loop.train(net, spec(batch_size=batch_size), photos(), CPU)
    assert [epoch.epoch for epoch in trained.history] == [1, 2, 3, 4]
    batches = [math.ceil(count / batch_size) for count in (8, 5)]
    assert len(net.seen) == 4 * sum(batches)
    for position, epoch in enumerate(trained.history):
        pieces = net.seen[position * sum(batches) : (position + 1) * sum(batches)]
        assert [piece[0] for piece in pieces] == [True] * batches[0] + [False] * batches[1]
        expected = (*averages(pieces[: batches[0]]), *averages(pieces[batches[0] :]))
        found = (epoch.train_loss, epoch.train_accuracy, epoch.val_loss, epoch.val_accuracy)
        assert found == pytest.approx(expected, rel=1e-6)


def test_an_epoch_shows_each_training_photo_once_in_a_new_order() -> None:
    net, pack = Tiny(), photos()
    loop.train(net, spec(), pack, CPU)
    shown = [numbers(inputs) for trains, inputs, _ in net.seen if trains]
    assert [len(batch) for batch in shown] == [3, 3, 2] * 4
    epochs = [[*shown[k], *shown[k + 1], *shown[k + 2]] for k in range(0, 12, 3)]
    assert all(sorted(epoch) == np.flatnonzero(pack.training).tolist() for epoch in epochs)
    assert len(set(map(tuple, epochs))) == 4


def test_who_watches_sees_every_epoch() -> None:
    watched: list[tuple[int, int]] = []
    reported: list[Epoch] = []

    def watch(batches: Sequence[Tensor], epoch: int) -> Sequence[Tensor]:
        watched.append((epoch, len(batches)))
        return batches

    trained = loop.train(Tiny(), spec(), photos(), CPU, watch, reported.append)
    assert watched == [(epoch, 3) for epoch in (1, 2, 3, 4)]
    assert reported == trained.history


# --- the best epoch and stopping --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "patience", "best", "epochs", "ended"),
    [
        ([3.0, 2.0, 1.0], 1, 3, 3, "epoch_limit"),
        ([1.0, 1.0, 1.0, 1.0], 2, 1, 3, "early_stop"),  # an equal loss is no lower one
        ([1.0, 1.0, 1.0, 1.0], 9, 1, 4, "epoch_limit"),
        ([2.0, 1.0, 1.5, 1.0, 0.5], 2, 2, 4, "early_stop"),
        ([3.0, 4.0, 2.0, 4.0, 1.0, 4.0], 2, 5, 6, "epoch_limit"),  # each new best starts the count again
        ([1.0, 2.0, 0.5], 1, 1, 2, "early_stop"),
        ([1.0], 1, 1, 1, "epoch_limit"),
    ],
)
def test_best_epoch_and_early_stop(
    monkeypatch: pytest.MonkeyPatch,
    losses: list[float],
    patience: int,
    best: int,
    epochs: int,
    ended: str,
) -> None:
    pack = replace(photos(), labels=np.zeros(13, dtype=np.int64))
    scripted = iter(losses)

    def predict(*_: Any) -> Tensor:
        # log(1 + exp(x)) is the loss of outputs 0 and x where the first is right.
        return torch.tensor([[0.0, math.log(math.expm1(next(scripted)))]]).repeat(5, 1)

    monkeypatch.setattr(loop, "predict", predict)
    net, states = Tiny(), []
    trained = loop.train(
        net,
        spec(epochs=len(losses), patience=patience),
        pack,
        CPU,
        on_epoch=lambda _: states.append(state_of(net)),
    )
    assert [epoch.val_loss for epoch in trained.history] == pytest.approx(losses[:epochs])
    assert (trained.best_epoch, len(trained.history), trained.ended) == (best, epochs, ended)
    assert_same(trained.best_state, states[best - 1])
    if best != epochs:
        assert not torch.equal(trained.best_state["layers.1.weight"], net.layers[1].weight)


def test_the_best_weights_give_the_best_loss() -> None:
    net, pack, recipe = Tiny(), photos(), spec(epochs=12, optimizer=replace(SGD, learning_rate=0.5))
    trained = loop.train(net, recipe, pack, CPU)
    assert 1 <= trained.best_epoch < 12
    net.load_state_dict(trained.best_state)
    validation = Augmented.of(pack, recipe, training=False, device=CPU)
    outputs = loop.predict(net, recipe, validation, "fp32")
    assert torch.equal(outputs, trained.best_outputs)
    losses, hits = loop.losses_and_hits(outputs, validation.labels)
    best = trained.history[trained.best_epoch - 1]
    assert (losses.mean().item(), hits.mean().item()) == (best.val_loss, best.val_accuracy)
    assert best.val_loss == min(epoch.val_loss for epoch in trained.history)


def test_the_test_set_is_looked_at_once_and_by_the_best_weights() -> None:
    recipe = spec(epochs=12, optimizer=replace(SGD, learning_rate=0.5))
    whole = photos(train=12, val=12)
    # Half of the photos that validate in the one are the test set of the other.
    test = np.flatnonzero(whole.validating)[::2]
    masked = replace(whole, test=np.isin(np.arange(len(whole.labels)), test))
    without = np.setdiff1d(np.arange(len(whole.labels)), test)
    fields = ("labels", "training", "photos")
    less = replace(
        whole,
        files=[whole.files[row] for row in without],
        **{name: getattr(whole, name)[without] for name in fields},
    )
    trained, plain = (loop.train(Tiny(), recipe, one, CPU) for one in (masked, less))
    assert plain.test_outputs is None
    assert trained.best_epoch < 12
    # Nothing of the training depends on it.
    assert [epoch.val_loss for epoch in trained.history] == [epoch.val_loss for epoch in plain.history]
    assert_same(trained.best_state, plain.best_state)
    net = Tiny()
    net.load_state_dict(trained.best_state)
    only = replace(whole, training=~masked.test)
    expected = loop.predict(net, recipe, Augmented.of(only, recipe, training=False, device=CPU), "fp32")
    assert trained.test_outputs is not None
    assert torch.equal(trained.test_outputs, expected)


@pytest.mark.parametrize(
    ("batch_size", "where"),
    [(3, "epoch 1, training batch 2"), (8, "epoch 1, validation batch 1")],
)
def test_a_loss_that_is_not_finite_ends_the_training(batch_size: int, where: str) -> None:
    recipe = spec(batch_size=batch_size, optimizer=replace(SGD, learning_rate=1e39))
    with pytest.raises(UserError, match=f"not finite in {where}: lower the learning rate"):
        loop.train(Tiny(), recipe, photos(), CPU)


# --- validation -------------------------------------------------------------------------------------


def test_validation_photos_are_normalised_and_no_more() -> None:
    net, pack = Tiny(), photos()
    loop.train(net, spec(augmentation=(*RANDOM, NORMALIZE)), pack, CPU)
    plain = torch.from_numpy(pack.photos[~pack.training]).permute(0, 3, 1, 2) / 255
    mean, std = (torch.tensor(NORMALIZE[1][name]).view(3, 1, 1) for name in ("mean", "std"))
    shown = torch.cat([inputs for trains, inputs, _ in net.seen if not trains])
    torch.testing.assert_close(shown, ((plain - mean) / std).repeat(4, 1, 1, 1))
    # The training photos were changed.
    trained_on = torch.cat([inputs for trains, inputs, _ in net.seen if trains])
    plain = (torch.from_numpy(pack.photos[pack.training]).permute(0, 3, 1, 2) / 255 - mean) / std
    assert not any(torch.allclose(one, other) for one in trained_on for other in plain)


def test_augmenting_does_not_change_the_photos_themselves() -> None:
    pack = photos()
    before = pack.photos.copy()
    loop.train(Tiny(), spec(augmentation=(*RANDOM, NORMALIZE)), pack, CPU)
    np.testing.assert_array_equal(pack.photos, before)


def normalised() -> Tiny:
    """A network with batch normalisation and dropout."""
    return Tiny(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Dropout(), nn.Linear(16, CLASSES))


def test_validation_changes_nothing() -> None:
    net, pack = normalised(), photos()
    before = state_of(net)
    validation = Augmented.of(pack, spec(), training=False, device=CPU)
    one = loop.predict(net, spec(), validation, "fp32")
    assert torch.equal(one, loop.predict(net, spec(), validation, "fp32"))
    assert_same(before, state_of(net))
    assert not net.training
    loop.train(net, spec(), pack, CPU)
    assert net.layers[1].num_batches_tracked == 12  # type: ignore[union-attr]
    assert [trains for trains, _, _ in net.seen[4:]] == [True] * 3 + [False] * 2 + (
        [True] * 3 + [False] * 2
    ) * 3


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 9])
def test_predictions_are_in_the_packs_order_batch_by_batch(batch_size: int) -> None:
    """A softmax over the batch shows which photos were together."""
    net, pack = Tiny(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, CLASSES), nn.Softmax(dim=0)), photos()
    validation = Augmented.of(pack, spec(), training=False, device=CPU)
    assert len(validation.labels) == 5
    found = loop.predict(net, spec(batch_size=batch_size), validation, "fp32")
    inputs = torch.from_numpy(pack.photos[~pack.training]).permute(0, 3, 1, 2) / 255
    logits = net.layers[:2](inputs).detach()
    expected = [logits[k : k + batch_size].softmax(0) for k in range(0, 5, batch_size)]
    torch.testing.assert_close(found, torch.cat(expected))
    assert found.dtype == torch.float32


@pytest.mark.parametrize("seed", [0, 3])
def test_a_softmax_over_the_batch_sees_photos_in_a_shuffled_order_that_is_always_the_same(seed: int) -> None:
    """In the pack's order, class after class, each batch of four would hold one class."""
    net = Tiny(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, CLASSES), nn.Softmax(dim=0))
    pack = replace(photos(train=1, val=12), training=np.arange(13) == 12)
    recipe = spec(batch_size=4, seed=seed, architecture="softmax_output")
    validation = Augmented.of(pack, recipe, training=False, device=CPU)
    found = loop.predict(net, recipe, validation, "fp32")
    shown = torch.cat([inputs for _, inputs, _ in net.seen])
    order = numbers(shown)
    assert sorted(order) == list(range(12))
    assert order == torch.randperm(12, generator=torch.Generator().manual_seed(0)).tolist()
    # Back in the pack's order, of which they are not a softmax batch by batch.
    inputs = torch.from_numpy(pack.photos[:12]).permute(0, 3, 1, 2) / 255
    logits = net.layers[:2](inputs).detach()
    expected = torch.empty(12, CLASSES)
    for batch in torch.tensor(order).split(4):
        expected[batch] = logits[batch].softmax(0)
    torch.testing.assert_close(found, expected)
    assert not torch.allclose(found, torch.cat([some.softmax(0) for some in logits.split(4)]))
