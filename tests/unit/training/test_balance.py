"""Balance of classes, by scikit-learn's formula and against PyTorch's WeightedRandomSampler."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from tiny import CPU, SGD, Tiny, numbers, photos, spec
from torch import Generator
from torch.nn import functional
from torch.utils.data import WeightedRandomSampler

from ablation.training import loop
from ablation.training.balance import EVEN, Balance
from ablation.training.state import Training

LABELS = torch.tensor([0] * 60 + [2] * 30 + [3] * 10)[
    torch.randperm(100, generator=Generator().manual_seed(0))
]


def test_weights_are_those_that_scikit_learn_calls_balanced() -> None:
    found = Balance.of("weights", LABELS, 4).of_classes
    assert found is not None
    # n_samples / (n_classes * np.bincount(y)), of the classes that there are.
    expected = 100 / (3 * np.bincount(LABELS.numpy())[[0, 2, 3]])
    np.testing.assert_allclose(found[[0, 2, 3]].numpy(), expected, rtol=1e-6)
    assert found[1] == 0
    assert found.dtype == torch.float32
    assert float(found[LABELS].mean()) == pytest.approx(1)


def test_classes_of_one_size_are_balanced_already() -> None:
    found = Balance.of("weights", torch.arange(12) % 4, 4).of_classes
    assert torch.equal(found, torch.ones(4))  # type: ignore[arg-type]


def test_photos_are_drawn_as_pytorchs_sampler_draws_them() -> None:
    balance = Balance.of("sampling", LABELS, 4)
    assert balance.of_photos is not None
    ours = balance.order(100, Generator().manual_seed(5))
    sampler = WeightedRandomSampler(
        (1 / LABELS.bincount()[LABELS]).tolist(), 100, generator=Generator().manual_seed(5)
    )
    assert ours.tolist() == list(sampler)


def test_classes_are_as_likely_and_so_are_the_photos_of_a_class() -> None:
    balance, generator = Balance.of("sampling", LABELS, 4), Generator().manual_seed(1)
    drawn = torch.cat([balance.order(100, generator) for _ in range(300)])
    counts = LABELS[drawn].bincount(minlength=4)
    assert counts[1] == 0
    # Four standard deviations of 30,000 draws with a chance of a third, and of those of a single photo.
    assert (counts[[0, 2, 3]] - 10_000).abs().max() < 4 * 82
    photos_drawn = drawn.bincount(minlength=100)[LABELS == 3]
    assert (photos_drawn - 1000).abs().max() < 4 * 31.1


def test_without_balance_the_generator_is_used_as_ever() -> None:
    assert Balance.of("none", LABELS, 4) is EVEN
    assert torch.equal(
        EVEN.order(9, Generator().manual_seed(2)), torch.randperm(9, generator=Generator().manual_seed(2))
    )


def train(net: Tiny, **changes: Any) -> Any:
    return loop.train(net, spec(**changes), photos(), CPU)


def test_an_epoch_draws_as_many_photos_as_there_are_some_of_them_more_than_once() -> None:
    net = Tiny()
    train(net, balance="sampling")
    shown = [numbers(inputs) for trains, inputs, _ in net.seen if trains]
    assert [len(one) for one in shown] == [3, 3, 2] * 4
    assert any(len({number for batch in shown[k : k + 3] for number in batch}) < 8 for k in range(0, 12, 3))


def test_the_loss_of_a_batch_is_the_sum_of_weighted_losses_by_the_photos_and_validation_has_no_weights() -> (
    None
):
    net, pack = Tiny(), photos()
    # No step changes anything.
    recipe = spec(balance="weights", epochs=1, optimizer=replace(SGD, learning_rate=1e-30))
    (epoch,) = loop.train(net, recipe, pack, CPU).history
    expected = []
    for training in (True, False):
        rows = pack.training == training
        labels = torch.from_numpy(pack.labels[rows])
        pixels = torch.from_numpy(pack.photos[rows]).permute(0, 3, 1, 2) / 255
        losses = functional.cross_entropy(net.layers(pixels).detach(), labels, reduction="none")
        counts = labels.bincount()
        weights = len(labels) / ((counts > 0).sum() * counts)
        expected.append(float((losses * weights[labels]).mean() if training else losses.mean()))
    assert (epoch.train_loss, epoch.val_loss) == pytest.approx(expected, rel=1e-5)


def test_a_training_holds_weights_where_it_computes() -> None:
    balance = Balance.of("weights", LABELS, 3 + 1)
    training = Training(Tiny(), spec(balance="weights"), 100, CPU, balance=balance)
    assert training.balance.of_classes is balance.of_classes
