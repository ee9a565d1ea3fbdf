"""Steps and schedules, against the textbook and PyTorch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from timm.scheduler import CosineLRScheduler, StepLRScheduler
from tiny import ADAMW, CPU, SGD, Tiny, photos, spec
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import lr_scheduler

from ablation.spec import Optimizer, Spec
from ablation.training import loop, optimization, state


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


def pytorchs(values: Optimizer, epochs: int, batches: int, optimizer: torch.optim.Optimizer) -> Any:
    """The schedule, of PyTorch's own."""
    rising = round(values.warmup_epochs * batches)
    rest = epochs * batches - rising
    behind: Any = {
        "constant": lambda: lr_scheduler.ConstantLR(optimizer, 1.0),
        "cosine": lambda: lr_scheduler.CosineAnnealingLR(optimizer, rest),
        "step": lambda: lr_scheduler.StepLR(optimizer, values.step_epochs * batches, values.step_factor),
    }[values.schedule]()
    if not rising:
        return behind
    rise = lr_scheduler.LinearLR(optimizer, 1 / (rising + 1), total_iters=rising)
    if values.schedule == "step":  # whose drops come later: both factors multiply
        return lr_scheduler.ChainedScheduler([rise, behind])
    return lr_scheduler.SequentialLR(optimizer, [rise, behind], [rising])


def timms(values: Optimizer, epochs: int, batches: int, optimizer: torch.optim.Optimizer) -> Any:
    """The schedule, of timm's, which has no constant one."""
    rising = round(values.warmup_epochs * batches)
    rate = optimizer.param_groups[0]["lr"]
    common = {"warmup_t": rising, "warmup_lr_init": rate / (rising + 1), "t_in_epochs": False}
    if values.schedule == "cosine":
        return CosineLRScheduler(optimizer, epochs * batches - rising, warmup_prefix=True, **common)
    return StepLRScheduler(
        optimizer, values.step_epochs * batches, values.step_factor, warmup_prefix=False, **common
    )


@pytest.mark.parametrize("warmup", [0, 1, 1.5, 0.1])
@pytest.mark.parametrize("schedule", ["constant", "cosine", "step"])
@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step", "ignore:The epoch parameter")
def test_schedules_are_pytorchs_and_timms(
    monkeypatch: pytest.MonkeyPatch, schedule: str, warmup: float
) -> None:
    step = {"step_epochs": 2, "step_factor": 0.3} if schedule == "step" else {}
    values = replace(SGD, schedule=schedule, warmup_epochs=warmup, **step)
    rates = learning_rates(monkeypatch, values, spec(epochs=7))
    other = torch.optim.SGD([torch.zeros(1)], lr=values.learning_rate)
    theirs, expected = pytorchs(values, 7, 3, other), []
    for _ in range(21):
        expected.append(other.param_groups[0]["lr"])
        theirs.step()
    assert rates == pytest.approx(expected, rel=1e-9)
    if schedule != "constant":
        other = torch.optim.SGD([torch.zeros(1)], lr=values.learning_rate)
        scheduler, expected = timms(values, 7, 3, other), []
        for step_number in range(21):
            scheduler.step_update(step_number)
            expected.append(other.param_groups[0]["lr"])
        assert rates == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "step"])
@pytest.mark.parametrize(("epochs", "batches", "warmup"), [(1, 1, 0), (1, 1, 0.9), (2, 1, 1.9), (1, 7, 0.99)])
def test_no_step_of_a_short_training_stands_still(
    schedule: str, epochs: int, batches: int, warmup: float
) -> None:
    values = replace(SGD, schedule=schedule, warmup_epochs=warmup, step_epochs=1)
    # The one behind the last is asked for too.
    found = [optimization.factor(step, values, epochs, batches) for step in range(epochs * batches + 1)]
    assert all(0 < factor <= 1 for factor in found[:-1])
    assert found[epochs * batches - 1] > 0


def test_rates_of_groups_keep_their_ratio() -> None:
    for schedule in ("constant", "cosine", "one_cycle"):
        parameters = [nn.Parameter(torch.zeros(1)) for _ in range(2)]
        groups = [{"params": [one], "lr": rate} for one, rate in zip(parameters, (0.1, 0.01), strict=True)]
        values = replace(SGD, schedule=schedule)
        optimizer = optimization.make_optimizer(groups, values)
        schedules = optimization.make_schedule(optimizer, values, 4, 3)
        for _ in range(12):
            one, other = (group["lr"] for group in optimizer.param_groups)
            assert one == pytest.approx(10 * other)
            optimizer.step()
            schedules.step()
