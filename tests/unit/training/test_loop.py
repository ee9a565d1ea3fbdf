"""Training: averages, the best epoch, stopping, steps, schedules and reproducibility, on tiny networks."""

from __future__ import annotations

import copy
import csv
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from tiny import (
    ADAMW,
    CLASSES,
    CPU,
    NORMALIZE,
    RANDOM,
    SGD,
    SIDE,
    Tiny,
    assert_same,
    numbers,
    photos,
    spec,
    state_of,
    without_times,
)
from torch import Tensor, nn
from torch.nn import functional

from ablation.running.errors import UserError
from ablation.spec import Optimizer, Spec
from ablation.training import loader, loop, memory, optimization, placement, reproducibility, state
from ablation.training.history import Epoch, write_history
from ablation.training.loader import Photos
from places import SCRIPTS


@pytest.fixture
def _settings() -> Iterator[None]:
    """Put back what make_reproducible changes."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(False)


# --- averages --------------------------------------------------------------------------------------


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


# --- the best epoch and stopping -------------------------------------------------------------------


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
    validation = Photos.of(pack, training=False, device=CPU)
    outputs = loop.predict(net, recipe, validation, CPU, "fp32")
    assert torch.equal(outputs, trained.best_outputs)
    losses, hits = loop.losses_and_hits(outputs, validation.labels)
    best = trained.history[trained.best_epoch - 1]
    assert (losses.mean().item(), hits.mean().item()) == (best.val_loss, best.val_accuracy)
    assert best.val_loss == min(epoch.val_loss for epoch in trained.history)


# --- reproducibility -------------------------------------------------------------------------------


@pytest.mark.usefixtures("_settings")
def test_the_same_seed_gives_the_same_bytes() -> None:
    def run(seed: int) -> state.Trained:
        reproducibility.make_reproducible(seed, 1)
        net = Tiny(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Dropout(), nn.Linear(16, 3))
        reproducibility.make_reproducible(seed, 1)
        return loop.train(net, spec(seed=seed, augmentation=(*RANDOM, NORMALIZE)), photos(), CPU)

    one, again, other = run(5), run(5), run(6)
    assert without_times(one.history) == without_times(again.history)
    assert_same(one.best_state, again.best_state)
    assert without_times(one.history) != without_times(other.history)
    assert not torch.equal(one.best_state["layers.0.weight"], other.best_state["layers.0.weight"])


@pytest.mark.usefixtures("_settings")
def test_make_reproducible() -> None:
    reproducibility.make_reproducible(3, 1)
    drawn = torch.rand(3)
    reproducibility.make_reproducible(3, 1)
    assert torch.equal(drawn, torch.rand(3))
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()


# --- steps -----------------------------------------------------------------------------------------


def stepped(values: Optimizer, weight: Tensor, moments: list[Tensor], step: int) -> Tensor:
    """One step by the textbook; `moments` are changed in place."""
    gradient = weight.grad
    assert gradient is not None
    weight = weight.detach()
    if values.algorithm == "sgd":
        gradient = gradient + values.weight_decay * weight
        moments[0] = values.momentum * moments[0] + gradient
        return weight - values.learning_rate * moments[0]
    weight = weight * (1 - values.learning_rate * values.weight_decay)
    moments[0] = 0.9 * moments[0] + 0.1 * gradient
    moments[1] = 0.999 * moments[1] + 0.001 * gradient**2
    mean, square = moments[0] / (1 - 0.9**step), moments[1] / (1 - 0.999**step)
    return weight - values.learning_rate * mean / (square.sqrt() + 1e-8)


@pytest.mark.parametrize(
    "values",
    [SGD, replace(SGD, momentum=0.0, weight_decay=0.0), ADAMW, replace(ADAMW, weight_decay=0.0)],
    ids=["sgd", "plain sgd", "adamw", "adam"],
)
def test_steps_are_the_textbooks(values: Optimizer) -> None:
    net, pack, shown = Tiny(), photos(), []

    def watch(batches: Sequence[Tensor], _epoch: int) -> Iterator[Tensor]:
        for batch in batches:
            shown.append(batch)
            yield batch

    weights = [value.detach().clone() for value in net.parameters()]
    loop.train(net, spec(optimizer=values), pack, CPU, watch)
    moments = [[torch.zeros_like(weight), torch.zeros_like(weight)] for weight in weights]
    pixels = torch.from_numpy(pack.photos[pack.training]).permute(0, 3, 1, 2) / 255
    labels = torch.from_numpy(pack.labels[pack.training])
    assert len(shown) == 12
    for step, batch in enumerate(shown, 1):
        for weight in weights:
            weight.requires_grad_()
        logits = pixels[batch].flatten(1) @ weights[0].T + weights[1]
        functional.cross_entropy(logits, labels[batch]).backward()
        weights = [stepped(values, *each, step) for each in zip(weights, moments, strict=True)]
    for ours, theirs in zip(net.parameters(), weights, strict=True):
        torch.testing.assert_close(ours.detach(), theirs, atol=1e-6, rtol=0)


@pytest.mark.parametrize("algorithm", ["sgd", "adamw"])
@pytest.mark.parametrize("fields", [{}, {"weight_decay": 0.3}, {"learning_rate": 0.5}, {"momentum": 0.0}])
def test_optimizers_equal_pytorchs_plain_ones(algorithm: str, fields: dict[str, float]) -> None:
    values = replace(SGD, algorithm=algorithm, **fields)
    nets = [nn.Linear(5, 3), nn.Linear(5, 3)]
    nets[1].load_state_dict(nets[0].state_dict())
    common: dict[str, Any] = {
        "lr": values.learning_rate,
        "weight_decay": values.weight_decay,
        "foreach": False,
    }
    plain: torch.optim.Optimizer = (
        torch.optim.SGD(nets[1].parameters(), momentum=values.momentum, **common)
        if algorithm == "sgd"
        else torch.optim.AdamW(nets[1].parameters(), **common)
    )
    ours = optimization.make_optimizer(list(nets[0].parameters()), values)
    for _ in range(5):
        inputs = torch.randn(7, 5)
        for net, optimizer in zip(nets, (ours, plain), strict=True):
            optimizer.zero_grad()
            net(inputs).square().mean().backward()
            optimizer.step()
    for one, other in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-6)


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


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("stride", [1, 2, (3, 1)])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 7)])
def test_a_pointwise_convolution_equals_pytorchs(
    bias: bool, stride: int | tuple[int, int], size: tuple[int, int]
) -> None:
    """Values and gradients, and the layout of both."""
    torch.manual_seed(0)
    theirs = nn.Conv2d(8, 5, 1, stride=stride, bias=bias).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    ours = placement.place(copy.deepcopy(theirs), CPU)
    assert type(ours) is placement.PointwiseConv2d
    photos = torch.randn(4, 8, *size).to(memory_format=torch.channels_last)
    found = []
    for layer in (ours, theirs):
        inputs = photos.clone().requires_grad_()
        outputs = layer(inputs)
        outputs.square().sum().backward()
        assert outputs.is_contiguous(memory_format=torch.channels_last)
        found.append([outputs, inputs.grad, *(parameter.grad for parameter in layer.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 4, 3),
        nn.Conv2d(4, 4, (1, 2)),
        nn.Conv2d(4, 4, 1, padding=1),
        nn.Conv2d(4, 4, 1, groups=2),
        nn.Linear(4, 4),
    ],
    ids=str,
)
def test_other_layers_stay(layer: nn.Module) -> None:
    assert type(placement.place(copy.deepcopy(layer), CPU)) is type(layer)


def test_a_placed_network_has_the_same_weights_and_outputs() -> None:
    net = torchvision.models.resnet50(num_classes=7).eval()
    torch.manual_seed(0)
    photos = torch.randn(2, 3, 64, 64)
    before, weights = net(photos), state_of(net)
    torch.testing.assert_close(placement.place(net, CPU)(photos), before, atol=1e-4, rtol=1e-4)
    assert_same(state_of(net), weights)


def test_the_best_weights_are_a_copy() -> None:
    kept = state.Training(Tiny(), spec(), 8, CPU)
    kept.keep_weights()
    first = {name: value.clone() for name, value in kept.trained.best_state.items()}
    with torch.no_grad():
        kept.net.layers[1].weight += 1  # type: ignore[index,operator]
    assert_same(kept.trained.best_state, first)
    kept.keep_weights()
    assert_same(kept.trained.best_state, state_of(kept.net))


def learning_rates(monkeypatch: pytest.MonkeyPatch, values: Optimizer, recipe: Spec) -> list[float]:
    """The learning rate of each step of a training."""
    made: list[torch.optim.Optimizer] = []
    rates: list[float] = []
    make = optimization.make_optimizer

    def keep(parameters: list[nn.Parameter], values: Optimizer) -> torch.optim.Optimizer:
        made.append(make(parameters, values))
        return made[-1]

    def watch(batches: Sequence[Tensor], _epoch: int) -> Iterator[Tensor]:
        for batch in batches:
            rates.append(float(made[-1].param_groups[0]["lr"]))
            yield batch

    monkeypatch.setattr(state, "make_optimizer", keep)
    loop.train(Tiny(), replace(recipe, optimizer=values), photos(), CPU, watch)
    return rates


@pytest.mark.parametrize("values", [SGD, ADAMW], ids=["sgd", "adamw"])
def test_constant_schedule(monkeypatch: pytest.MonkeyPatch, values: Optimizer) -> None:
    assert learning_rates(monkeypatch, values, spec()) == [values.learning_rate] * 12


@pytest.mark.parametrize("values", [SGD, ADAMW], ids=["sgd", "adamw"])
@pytest.mark.parametrize(("epochs", "batch_size"), [(4, 3), (1, 100), (2, 8), (9, 1), (3, 8), (4, 8)])
@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
def test_one_cycle_schedule(
    monkeypatch: pytest.MonkeyPatch, values: Optimizer, epochs: int, batch_size: int
) -> None:
    values = replace(values, schedule="one_cycle")
    rates = learning_rates(monkeypatch, values, spec(epochs=epochs, batch_size=batch_size))
    steps = epochs * math.ceil(8 / batch_size)
    other = torch.optim.SGD([torch.zeros(1)], lr=1.0, momentum=0.9)
    # Three steps are the first of four: PyTorch's schedule of as many and one divides by zero.
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        other, max_lr=values.learning_rate, total_steps=(4 if steps == 3 else steps) + 1, pct_start=0.25
    )
    expected = []
    for _ in range(steps):
        expected.append(other.param_groups[0]["lr"])
        schedule.step()
    assert rates == pytest.approx(expected, rel=1e-12)
    if steps > 8:
        peak = rates.index(max(rates))
        assert peak == pytest.approx(steps / 4, abs=1)
        assert max(rates) == pytest.approx(values.learning_rate, rel=0.05)
        assert rates[0] == pytest.approx(values.learning_rate / 25)
        assert rates[-1] < 0.05 * values.learning_rate


# --- validation ------------------------------------------------------------------------------------


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
    validation = Photos.of(pack, training=False, device=CPU)
    one = loop.predict(net, spec(), validation, CPU, "fp32")
    assert torch.equal(one, loop.predict(net, spec(), validation, CPU, "fp32"))
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
    validation = Photos.of(pack, training=False, device=CPU)
    assert len(validation) == 5
    found = loop.predict(net, spec(batch_size=batch_size), validation, CPU, "fp32")
    inputs = torch.from_numpy(pack.photos[~pack.training]).permute(0, 3, 1, 2) / 255
    logits = net.layers[:2](inputs).detach()
    expected = [logits[k : k + batch_size].softmax(0) for k in range(0, 5, batch_size)]
    torch.testing.assert_close(found, torch.cat(expected))
    assert found.dtype == torch.float32


@pytest.mark.parametrize("on_device", [True, False])
@pytest.mark.parametrize("index", [[2, 0, 1], [3], [0, 1, 2, 3, 4], [1, 1]])
def test_photos_of_each_part(monkeypatch: pytest.MonkeyPatch, on_device: bool, index: list[int]) -> None:
    """The same photos come from the device's memory as from the pack's file."""
    monkeypatch.setattr(loader, "PHOTOS_AT_ONCE", 3)
    pack = photos()
    for part in (True, False):
        found = Photos.of(pack, training=part, device=CPU, resident=on_device)
        assert len(found) == (8 if part else 5)
        assert isinstance(found.pixels, Tensor) == on_device
        pixels, labels = found.batch(torch.tensor(index))
        np.testing.assert_array_equal(pixels.numpy(), pack.photos[pack.training == part][index])
        np.testing.assert_array_equal(labels.numpy(), pack.labels[pack.training == part][index])
        assert pixels.dtype == torch.uint8


def test_photos_on_the_device_train_to_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(on_device: bool) -> state.Trained:
        monkeypatch.setattr(loop, "takes", lambda *_: on_device)
        return loop.train(Tiny(), spec(augmentation=(*RANDOM, NORMALIZE)), photos(), CPU)

    one, other = run(True), run(False)
    assert without_times(one.history) == without_times(other.history)
    assert_same(one.best_state, other.best_state)


def test_a_gpu_takes_photos_that_leave_half_of_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (1000, 4000))
    assert memory.takes(torch.device("cuda"), 500)
    assert not memory.takes(torch.device("cuda"), 501)
    assert not memory.takes(CPU, 1)


# --- precision and losses that run away ------------------------------------------------------------


@pytest.mark.parametrize(
    ("precision", "native", "expected"),
    [
        ("fp32", True, "fp32"),
        ("bf16", False, "bf16"),
        ("auto", True, "bf16"),
        ("auto", False, "fp32"),
    ],
)
def test_precision(monkeypatch: pytest.MonkeyPatch, precision: str, native: bool, expected: str) -> None:
    monkeypatch.setattr("ablation.training.precision.native_bf16", lambda _: native)
    net = Tiny()
    trained = loop.train(net, spec(precision=precision), photos(), CPU)
    assert trained.precision == expected
    kinds = {outputs.dtype for _, _, outputs in net.seen}
    assert kinds == {torch.bfloat16 if expected == "bf16" else torch.float32}
    # The weights and what is added up stay in float32.
    assert trained.best_state["layers.1.weight"].dtype == torch.float32
    for epoch in trained.history:
        assert math.isfinite(epoch.train_loss + epoch.val_loss)


@pytest.mark.parametrize(
    ("batch_size", "where"),
    [(3, "epoch 1, training batch 2"), (8, "epoch 1, validation batch 1")],
)
def test_a_loss_that_is_not_finite_ends_the_training(batch_size: int, where: str) -> None:
    recipe = spec(batch_size=batch_size, optimizer=replace(SGD, learning_rate=1e39))
    with pytest.raises(UserError, match=f"not finite in {where}: lower the learning rate"):
        loop.train(Tiny(), recipe, photos(), CPU)


# --- memory ----------------------------------------------------------------------------------------


class Hungry(Tiny):
    """A network that takes no more than `most` photos at once."""

    def __init__(self, most: int, error: Exception) -> None:
        super().__init__()
        self.most, self.error = most, error

    def forward(self, batch: Tensor) -> Tensor:
        if len(batch) > self.most:
            raise self.error
        return super().forward(batch)


OUT_OF_MEMORY = {
    "GPU": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    "CPU": RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory"),
    # PyTorch's AcceleratorError, cuDNN's and NCCL's are RuntimeErrors too.
    "CUDA": RuntimeError("CUDA error: out of memory"),
    "cuDNN": RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    "numpy": MemoryError("Unable to allocate 3 GiB"),
}


@pytest.mark.parametrize("error", OUT_OF_MEMORY.values(), ids=OUT_OF_MEMORY)
@pytest.mark.parametrize(("most", "fits"), [(7, 4), (4, 4), (3, 2), (1, 1)])
def test_out_of_memory_names_a_batch_size_that_fits(most: int, fits: int, error: Exception) -> None:
    # The eight photos make a batch of 8, however large batch_size is.
    with pytest.raises(UserError, match=f"out of memory on cpu with batch_size 100: batch_size {fits} fits"):
        loop.train(Hungry(most, error), spec(batch_size=100), photos(), CPU)


def test_out_of_memory_with_a_single_photo() -> None:
    net = Hungry(0, OUT_OF_MEMORY["GPU"])
    with pytest.raises(UserError, match="and with 1 too: choose a smaller image_size or backbone"):
        loop.train(net, spec(batch_size=4), photos(), CPU)


def test_other_errors_are_not_taken_for_it() -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        loop.train(Hungry(0, RuntimeError("mat1 and mat2 shapes differ")), spec(), photos(), CPU)


REALLY_OUT_OF_MEMORY = """
import resource
import numpy as np, torch
from torch import nn
from tiny import spec
from ablation.training import loop
from ablation.running.errors import UserError
from ablation.photos.pack import Pack
torch.set_num_threads(1)
count, side = 512, 64
pixels = np.zeros((2 * count, side, side, 3), np.uint8)
number = np.arange(2 * count)
pack = Pack(number % 3, number < count, [], ["a", "b", "c"], photos=pixels)
few = Pack(number[:8] % 3, number[:8] < 4, [], pack.categories, photos=pixels[:8])
layers = nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 3)
net = nn.Sequential(*layers)
loop.train(net, spec(batch_size=4, epochs=1), few, torch.device("cpu"))
used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmSize")) * 1024
# One batch of 512 needs more than 500 MB for the outputs of the convolution alone.
resource.setrlimit(resource.RLIMIT_AS, (used + 400_000_000,) * 2)
try:
    loop.train(net, spec(batch_size=512, epochs=1), pack, torch.device("cpu"))
except UserError as error:
    print(error)
"""


def test_a_process_that_really_runs_out_of_memory() -> None:
    tests = Path(__file__).parents[1]
    path = os.pathsep.join([str(tests), str(SCRIPTS)])
    done = subprocess.run(
        [sys.executable, "-c", REALLY_OUT_OF_MEMORY],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(
        r"out of memory on cpu with batch_size 512: batch_size (256|128|64|32|16|8) fits\n", done.stdout
    ), done.stdout + done.stderr


# --- the file --------------------------------------------------------------------------------------


def test_history_round_trips(tmp_path: Path) -> None:
    history = loop.train(Tiny(), spec(), photos(), CPU).history
    write_history(history, tmp_path / "history.csv")
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy"),
        *("train_seconds", "val_seconds"),
    ]
    read = [Epoch(int(row.pop("epoch")), **{key: float(value) for key, value in row.items()}) for row in rows]
    assert read == history
