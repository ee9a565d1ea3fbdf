"""What a training makes of signals."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tiny import without_times
from trainings import BATCHES, RECIPES, assert_same_training, train

from ablation.running.signals import Requests, Resumable
from ablation.training.checkpoint import Checkpoint

pytestmark = pytest.mark.usefixtures("_one_thread")


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ablation.running.signals.FOLLOW_UP_SECONDS", 0)


def sending(number: signal.Signals, batches: int) -> Callable[[], None]:
    """Send this process a signal in the batch of this number, from 1."""
    seen = iter(range(1, 10**6))

    def count() -> None:
        if next(seen) == batches:
            os.kill(os.getpid(), number)

    return count


@pytest.mark.usefixtures("_handlers", "_at_once")
@pytest.mark.parametrize("batches", range(1, 13))
def test_sigint_ends_with_the_epoch(batches: int, tmp_path: Path) -> None:
    recipe = RECIPES["adamw"]
    whole = train(recipe)
    keeper = Checkpoint(tmp_path / "checkpoint.pt", "this", Requests().heed())
    found = train(recipe, keeper, sending(signal.SIGINT, batches))
    epochs = (batches - 1) // BATCHES + 1
    assert without_times(found.history) == without_times(whole.history[:epochs])
    assert found.ended == ("interrupted" if epochs < recipe.epochs else "epoch_limit")
    # The best weights of these epochs, as of a training that ends there by its limit.
    assert_same_training(replace(found, ended="epoch_limit"), train(replace(recipe, epochs=epochs)))


@pytest.mark.usefixtures("_handlers", "_at_once")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_leaves_after_the_batch(number: signal.Signals, tmp_path: Path) -> None:
    recipe, path = RECIPES["sgd"], tmp_path / "checkpoint.pt"
    with pytest.raises(Resumable, match="epoch 2, after batch 2 of 3"):
        train(recipe, Checkpoint(path, "this", Requests().heed()), sending(number, 5))
    assert_same_training(train(recipe, Checkpoint(path, "this", Requests())), train(recipe))


@pytest.mark.usefixtures("_handlers", "_at_once")
def test_ctrl_c_on_the_workflow_is_not_the_end_of_a_training(tmp_path: Path) -> None:
    """SIGINT and SIGTERM right behind it: the training is to go on later, not to end."""
    steps = [sending(signal.SIGINT, 2), sending(signal.SIGTERM, 2)]
    keeper = Checkpoint(tmp_path / "checkpoint.pt", "this", Requests().heed())
    with pytest.raises(Resumable):
        train(RECIPES["sgd"], keeper, lambda: [step() for step in steps])


@pytest.mark.usefixtures("_handlers", "_at_once")
def test_a_pretraining_does_not_end_early(tmp_path: Path) -> None:
    keeper = Checkpoint(tmp_path / "checkpoint.pt", "this", Requests().heed(finish=False))
    with pytest.raises(Resumable):
        train(RECIPES["sgd"], keeper, sending(signal.SIGINT, 2))
