"""What trains: the whole network, its head alone, or first that and then all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from states import assert_same
from tiny import ADAMW, CPU, NORMALIZE, RANDOM, SGD, SIDE, photos, spec, state_of, without_times
from torch import Tensor, nn
from torch.nn import functional
from trainings import assert_same_training

from ablation.networks import backbones, build, edits
from ablation.spec import Spec
from ablation.training import loop, parts, state
from ablation.training.history import Epoch
from ablation.training.inputs import Augmented, in_order

pytestmark = pytest.mark.usefixtures("_one_thread")
HEAD = spec(trains="head", augmentation=(NORMALIZE,), optimizer=ADAMW, epochs=6)
THEN_ALL = replace(HEAD, trains="head_then_all", head_epochs=3)


class Net(nn.Module):
    """Features that training mode and gradients would change, and a head; it counts what goes through."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        wide = 3 * SIDE * SIDE
        self.body = nn.Sequential(
            nn.Flatten(), nn.Linear(wide, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.3)
        )
        self.head = nn.Linear(12, 3)
        self.through, self.modes = 0, set[tuple[bool, bool]]()

    def forward(self, batch: Tensor) -> Tensor:
        self.through += len(batch)
        self.modes.add((self.body.training, self.head.training))
        outputs: Tensor = self.head(self.body(batch))
        return outputs


def train(recipe: Spec, net: nn.Module | None = None, **options: Any) -> state.Trained:
    torch.manual_seed(recipe.seed)
    return loop.train(Net() if net is None else net, recipe, photos(), CPU, **options)


def watched(check: Callable[[int], None]) -> Callable[[Sequence[Tensor], int], Sequence[Tensor]]:
    """Call `check` at the start of each epoch."""

    def watch(batches: Sequence[Tensor], epoch: int) -> Sequence[Tensor]:
        check(epoch)
        return batches

    return watch


@pytest.mark.parametrize("backbone", backbones.BACKBONES)
def test_the_head_is_what_was_put_in_for_the_classes(backbone: str) -> None:
    with torch.device("meta"):
        net = build.adapt(build.untouched(backbone), backbone, edits.ORIGINAL, 7)
    head = parts.head_of(net)
    assert isinstance(head, nn.Linear)
    assert head.out_features == 7


@pytest.mark.parametrize("augmentation", [(NORMALIZE,), RANDOM], ids=["constant", "random"])
def test_only_the_head_changes_has_gradients_and_an_optimizers_state(augmentation: Any) -> None:
    net = Net()
    before = state_of(net)
    recipe = replace(HEAD, augmentation=augmentation)
    training = state.Training(net, recipe, 8, CPU)
    for _ in range(3):
        parts.train_mode(training.net, training.chosen)
        training.step(torch.rand(3, 3, SIDE, SIDE), torch.tensor([0, 1, 2]))
        assert all(parameter.grad is None for parameter in net.body.parameters())
        training.start_epoch()
    rows = [row for group in training.optimizer.param_groups for row in group["params"]]
    assert [len(row) for row in rows] == [36, 3]
    assert len(training.optimizer.state_dict()["state"]) == 2
    after = state_of(net)
    body = {name for name in before if name.startswith("body.")}
    assert_same({name: after[name] for name in body}, {name: before[name] for name in body})
    assert not torch.equal(after["head.weight"], before["head.weight"])


def test_frozen_batch_normalisation_keeps_its_statistics_and_trains_its_weights() -> None:
    net = Net()
    before = state_of(net)
    train(replace(HEAD, trains="all", batch_norm="frozen"), net)
    after = state_of(net)
    statistics = {name for name in before if name.split(".")[-1] in ("running_mean", "running_var")}
    assert statistics
    assert_same({name: after[name] for name in statistics}, {name: before[name] for name in statistics})
    assert all(not torch.equal(after[name], before[name]) for name in dict(net.named_parameters()))
    assert net.modes == {(True, True), (False, False)}  # all else trains


def test_a_frozen_part_is_in_evaluation_mode() -> None:
    net = Net()
    train(replace(HEAD, augmentation=RANDOM), net)
    assert net.modes == {(False, True), (False, False)}  # it trains, and validates
    net.modes.clear()
    train(replace(HEAD, trains="all"), net)
    assert net.modes == {(True, True), (False, False)}


def test_features_are_computed_once_where_nothing_random_happens_before_the_head() -> None:
    constant, random = Net(), Net()
    train(HEAD, constant)
    assert constant.through == 8 + 5
    train(replace(HEAD, augmentation=RANDOM), random)
    assert random.through == (8 + 5) * 6


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_training_on_features_is_training_on_photos(monkeypatch: pytest.MonkeyPatch, precision: str) -> None:
    recipe = replace(HEAD, precision=precision)
    ours = train(recipe)
    monkeypatch.setattr(loop, "features", lambda *_: [])
    theirs = train(recipe)
    for one, other in zip(without_times(ours.history), without_times(theirs.history), strict=True):
        assert vars(one) == pytest.approx(vars(other), rel=1e-5)
    torch.testing.assert_close(ours.best_outputs, theirs.best_outputs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("values", [SGD, ADAMW])
def test_a_head_trains_as_a_logistic_regression_on_the_features(values: Any) -> None:
    """Against PyTorch's plain optimizers on the features of the untouched network."""
    net, pack, recipe = Net(), photos(), replace(HEAD, optimizer=values)
    inputs = Augmented.of(pack, recipe, training=True, device=CPU)
    ((_, batch, labels),) = in_order(inputs, torch.arange(8), 100)
    known, head = net.eval().body(batch).detach(), nn.Linear(12, 3)
    head.load_state_dict(net.head.state_dict())
    options = {"lr": values.learning_rate, "weight_decay": values.weight_decay, "foreach": False}
    optimizer: torch.optim.Optimizer = (
        torch.optim.SGD(head.parameters(), momentum=values.momentum, **options)
        if values is SGD
        else torch.optim.AdamW(head.parameters(), **options)
    )
    orders: list[Tensor] = []

    def watch(batches: Sequence[Tensor], _epoch: int) -> Sequence[Tensor]:
        orders.extend(batches)
        return batches

    loop.train(net, recipe, pack, CPU, watch)
    for index in orders:
        optimizer.zero_grad()
        functional.cross_entropy(head(known[index]), labels[index]).backward()
        optimizer.step()
    torch.testing.assert_close(net.head.weight, head.weight, rtol=1e-4, atol=1e-5)


def test_a_head_whose_outputs_are_not_the_networks_trains_on_photos() -> None:
    class Scaled(Net):
        def forward(self, batch: Tensor) -> Tensor:
            return super().forward(batch) * 2

    net = Scaled()
    before = state_of(net)
    train(HEAD, net)
    assert net.through > 6 * 8
    assert not torch.equal(net.head.weight, before["head.weight"])
    assert torch.equal(net.body[1].weight, before["body.1.weight"])  # type: ignore[arg-type]


@pytest.mark.parametrize("augmentation", [(NORMALIZE,), RANDOM], ids=["constant", "random"])
def test_head_then_all(augmentation: Any) -> None:
    """The first epochs are those of `head`, from the same random numbers; then all trains, afresh."""
    recipe, net, states = replace(THEN_ALL, augmentation=augmentation), Net(), list[dict[str, Tensor]]()
    found = train(recipe, net, watch=watched(lambda _epoch: states.append(state_of(net))))
    alone = train(replace(recipe, trains="head", head_epochs=0, epochs=3))
    for one, other in zip(without_times(found.history[:3]), without_times(alone.history), strict=True):
        assert vars(one) == vars(other)
    body = [name for name in states[0] if name.startswith("body.")]
    for later in states[1:4]:
        assert_same({name: later[name] for name in body}, {name: states[0][name] for name in body})
    assert not torch.equal(states[4]["body.1.weight"], states[0]["body.1.weight"])


def test_each_part_of_head_then_all_has_a_schedule_of_its_own() -> None:
    recipe = replace(THEN_ALL, optimizer=replace(ADAMW, schedule="one_cycle"))
    training = state.Training(Net(), recipe, 8, CPU)
    rates: list[list[float]] = [[], []]
    for epoch in range(1, 7):
        parts.train_mode(training.net, training.chosen)
        for _ in range(training.batches):
            rates[epoch > 3].append(training.optimizer.param_groups[0]["lr"])
            training.step(torch.rand(3, 3, SIDE, SIDE), torch.tensor([0, 1, 2]))
        training.end_epoch(Epoch(epoch, 1, 0, 1 / epoch, 0, 1, 1), torch.empty(0))
    assert rates[0] == rates[1]
    assert max(rates[0]) == pytest.approx(ADAMW.learning_rate, rel=0.02)
    assert len(training.optimizer.param_groups[0]["params"]) == 6


def test_patience_begins_when_all_trains() -> None:
    training = state.Training(Net(), replace(THEN_ALL, patience=2, epochs=20), 8, CPU)
    for epoch in range(1, 6):  # the loss rises from the first epoch on
        assert not training.trained.ended
        training.end_epoch(Epoch(epoch, 1, 0, epoch, 0, 1, 1), torch.empty(0))
    assert (training.trained.ended, training.trained.best_epoch) == ("early_stop", 1)


def test_frozen_parameters_stay_frozen_where_all_trains() -> None:
    net = Net()
    net.body.requires_grad_(False)
    training = state.Training(net, spec(), 8, CPU)
    assert len(training.rows) == 2


def test_the_same_again() -> None:
    assert_same_training(train(THEN_ALL), train(THEN_ALL))
