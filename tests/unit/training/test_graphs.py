"""Steps recorded as graphs, against plain ones: on the CPU, with a stand-in for CUDA's graphs.

The stand-in records what CUDA does: which operator ran on which memory. A replay runs them again on the same
memory and nothing of Python, so that whatever a step takes from Python stays what it was when recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import ADAMW, CPU, SGD, SIDE, Tiny, spec
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from trainings import RECIPES, assert_same_training, stopping_after, train

from ablation.running import environment
from ablation.running.signals import Requests, Resumable
from ablation.spec import Optimizer, Spec
from ablation.training import graphs, loop, state
from ablation.training.checkpoint import Checkpoint
from ablation.training.distributed.group import ALONE, Group

GPU = torch.device("cuda", 0)


class Recording(TorchDispatchMode):
    """Notes each operator with the tensors that it took and gave."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, Any, Any, list[Any]]] = []

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, tree_leaves(given)))
        return given

    def replay(self) -> None:
        for func, args, kwargs, given in self.calls:
            again = tree_leaves(func(*args, **kwargs))
            for old, new in zip(given, again, strict=True):
                if isinstance(old, Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


class StandIn:
    """Records a step of a training as CUDA would: without an effect on what the training holds."""

    def __init__(self, training: state.Training, refuses: int = 10**6) -> None:
        self.training, self.sizes, self.refuses = training, list[int](), refuses

    def __call__(self, step: graphs.Step, photos: Tensor, labels: Tensor) -> graphs.Step:
        self.sizes.append(len(photos))
        inputs, recording = (photos.clone(), labels.clone()), Recording()
        held = [*self.training.net.state_dict().values(), *tree_leaves(self.training.optimizer.state_dict())]
        tensors = [value for value in held if isinstance(value, Tensor)]
        before, random = [value.clone() for value in tensors], torch.get_rng_state()
        try:
            with recording:
                outputs = step(*inputs)
                if len(self.sizes) >= self.refuses:
                    raise RuntimeError("operation not permitted when stream is capturing\nand more")
        finally:
            with torch.no_grad():
                for value, old in zip(tensors, before, strict=True):
                    value.copy_(old)
            torch.set_rng_state(random)

        def replay(photos: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
            for place, values in zip(inputs, (photos, labels), strict=True):
                place.copy_(values)
            with torch.no_grad():
                recording.replay()
            return outputs

        return replay


def with_rate_in_memory(training: state.Training) -> state.Training:
    """Let the learning rate lie where a recorded step reads it, as `put_rates_on` does on a GPU."""
    for group in training.optimizer.param_groups:
        group["lr"], group["capturable"] = torch.tensor(group["lr"]), True
    return training


def plainly(_training: state.Training) -> None:
    """Have a training take its steps as they are."""


def recorded(training: state.Training, **options: Any) -> StandIn:
    """Have a training record its steps by the stand-in, which is returned."""
    stand_in = StandIn(training, **options)
    training.compute = graphs.Graphs(training.forward_and_back, training.net.zero_grad, stand_in)
    return stand_in


def trained(
    monkeypatch: pytest.MonkeyPatch, recipe: Spec, change: Callable[[state.Training], object]
) -> state.Trained:
    """Train by `loop.train` what `change` changes before its first batch."""

    def made(*arguments: Any) -> state.Training:
        training = with_rate_in_memory(state.Training(*arguments))
        change(training)
        return training

    monkeypatch.setattr(loop, "Training", made)
    return train(recipe)


@pytest.mark.parametrize("name", RECIPES)
def test_recorded_trainings_end_with_the_bytes_of_plain_ones(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    stand_ins: list[StandIn] = []
    plain = trained(monkeypatch, RECIPES[name], plainly)
    ours = trained(monkeypatch, RECIPES[name], lambda training: stand_ins.append(recorded(training)))
    assert_same_training(ours, plain)
    # 8 photos by 3: the first batch as ever, then one of each size is recorded.
    assert stand_ins[0].sizes == [3, 2]


def test_a_rate_that_lies_in_python_would_stay_what_it_was_when_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that the test above can fail: the stand-in does not look at Python again."""

    def change(training: state.Training) -> None:
        for group in training.optimizer.param_groups:
            group["lr"] = float(group["lr"])
        recorded(training)

    plain = trained(monkeypatch, RECIPES["one cycle"], plainly)
    ours = trained(monkeypatch, RECIPES["one cycle"], change)
    assert ours.history[-1].train_loss != pytest.approx(plain.history[-1].train_loss, rel=1e-3)


@pytest.mark.parametrize("batches", range(1, 8))
def test_a_recorded_training_goes_on_from_a_checkpoint_of_either_kind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, batches: int
) -> None:
    recipe = RECIPES["one cycle"]
    plain = trained(monkeypatch, recipe, plainly)
    for first, second in ((recorded, plainly), (plainly, recorded)):
        path = tmp_path / first.__name__

        def made(*arguments: Any, change: Any) -> state.Training:
            training = with_rate_in_memory(state.Training(*arguments))
            change(training)
            return training

        requests = Requests()
        keeper = Checkpoint(path, "same", requests)
        monkeypatch.setattr(loop, "Training", partial(made, change=first))
        with pytest.raises(Resumable):
            train(recipe, keeper, stopping_after(batches, requests))
        monkeypatch.setattr(loop, "Training", partial(made, change=second))
        assert_same_training(train(recipe, Checkpoint(path, "same", Requests())), plain)


def test_a_step_that_cannot_be_recorded_is_trained_as_ever_and_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for refuses in (1, 2):
        plain = trained(monkeypatch, RECIPES["adamw"], plainly)
        capsys.readouterr()
        ours = trained(
            monkeypatch, RECIPES["adamw"], lambda training, at=refuses: recorded(training, refuses=at)
        )
        assert_same_training(ours, plain)
        assert capsys.readouterr().out == (
            "trains without CUDA graphs, which cannot hold this step: "
            "operation not permitted when stream is capturing\n"
        )


@pytest.mark.parametrize("values", [SGD, ADAMW, replace(ADAMW, schedule="one_cycle")])
def test_a_rate_in_memory_is_that_of_the_schedule(values: Optimizer) -> None:
    """Rounded to float32, in which CUDA's fused optimizers read it."""
    plain, ours = (state.Training(Tiny(), spec(optimizer=values), 24, CPU) for _ in range(2))
    with_rate_in_memory(ours)
    torch.manual_seed(3)
    pixels, labels = torch.rand(3, 3, SIDE, SIDE), torch.tensor([0, 1, 2])
    for _ in range(5):
        for training in (plain, ours):
            torch.manual_seed(4)
            training.step(pixels, labels)
        rates = [training.optimizer.param_groups[0]["lr"] for training in (plain, ours)]
        assert isinstance(rates[1], Tensor)
        assert float(rates[1]) == pytest.approx(rates[0], rel=1e-7)
    for one, other in zip(plain.net.parameters(), ours.net.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


def test_steps_are_recorded_on_a_gpu_of_its_own_process_unless_the_study_says_eager(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(environment.SPEED, raising=False)
    assert graphs.wanted(GPU, ALONE)
    assert not graphs.wanted(CPU, ALONE)
    assert not graphs.wanted(GPU, Group(0, 2))
    monkeypatch.setenv(environment.SPEED, "eager")
    assert not graphs.wanted(GPU, ALONE)
    monkeypatch.setenv(environment.SPEED, "auto")
    assert graphs.wanted(GPU, ALONE)
