"""A training killed at any moment, as a process: started again, it ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from project import ROOT, Project
from tables import MEASURED, rows

from ablation.networks.weight_files import read_weights
from ablation.results.collecting import COST
from ablation.spec import Spec


@dataclass(frozen=True)
class Training:
    """`train.py` on the tiny study's photos and pretrained weights, in a folder of its own."""

    project: Project
    run: Path
    # As many epochs as make the process train for most of its life.
    epochs: int = 12
    patience: int = 12
    pack: str = "demo/64px"
    pretrained: bool = True

    def start(self) -> subprocess.Popen[str]:
        told = self.project.folder / self.project.run_of("rung-normalize") / "spec.json"
        spec = Spec.from_json(told.read_text(encoding="utf-8"))
        spec = replace(spec, epochs=self.epochs, patience=self.patience)
        resources = self.project.folder / "resources"
        weights = [*(resources / "weights/drawn").glob("googlenet-*.safetensors")] if self.pretrained else []
        command = [
            *(sys.executable, ROOT / "workflow/scripts/train.py", "--spec", spec.to_json()),
            *("--pack", resources / "packs" / self.pack, "--weights", *weights),
            *("--run", self.run),
        ]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def finish(self) -> str:
        """Let it run to its end; return what it printed."""
        process = self.start()
        output, _ = process.communicate()
        assert process.returncode == 0, output
        return output

    def result(self) -> object:
        """Everything but times and costs."""
        history = [
            [epoch[column] for column in ("epoch", *MEASURED)] for epoch in rows(self.run / "history.csv")
        ]
        record = json.loads((self.run / "record.json").read_text(encoding="utf-8"))
        for measured in ("train_seconds", *COST):
            del record[measured]
        return history, record, (self.run / "weights.safetensors").read_bytes(), self.files()

    def files(self) -> set[str]:
        return {path.name for path in self.run.iterdir()}


@pytest.fixture(scope="module")
def whole(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[object, float]:
    """The result of a training that nothing interrupted, and how many seconds it took."""
    training = Training(finished, tmp_path_factory.mktemp("whole"))
    started = time.perf_counter()
    training.finish()
    return training.result(), time.perf_counter() - started


def kill_and_finish(training: Training, whole: tuple[object, float], seed: int) -> None:
    """Kill a training at up to three random moments, and let it run to its end."""
    expected, seconds = whole
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 3)):
        process = training.start()
        try:
            process.wait(chance.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
    training.finish()
    assert training.result() == expected


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random(finished: Project, whole: tuple[object, float], tmp_path: Path, seed: int) -> None:
    kill_and_finish(Training(finished, tmp_path / "run"), whole, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_killed_at_random_often(
    finished: Project, whole: tuple[object, float], tmp_path: Path, seed: int
) -> None:
    kill_and_finish(Training(finished, tmp_path / "run"), whole, seed)


def interrupt(training: Training, number: signal.Signals, epoch: int) -> tuple[int, str]:
    """Send a signal when the training has printed an epoch's line; return its exit status and output."""
    process = training.start()
    assert process.stdout is not None
    output = ""
    for line in process.stdout:
        output += line
        if line.startswith(f"epoch {epoch}:"):
            process.send_signal(number)
    return process.wait(), output


def test_killed_after_an_epoch_it_goes_on_there(
    finished: Project, whole: tuple[object, float], tmp_path: Path
) -> None:
    training = Training(finished, tmp_path / "run")
    for epoch in (3, 7):
        assert interrupt(training, signal.SIGKILL, epoch)[0] == -signal.SIGKILL
        assert "checkpoint.pt" in training.files()
    assert training.finish().startswith("going on in epoch ")
    assert training.result() == whole[0]


def test_sigterm_leaves_a_checkpoint(finished: Project, whole: tuple[object, float], tmp_path: Path) -> None:
    training = Training(finished, tmp_path / "run")
    for epoch in (2, 5):
        status, output = interrupt(training, signal.SIGTERM, epoch)
        assert status == os.EX_TEMPFAIL
        assert output.splitlines()[-1].startswith(f"error: stopped in epoch {epoch + 1}, after batch ")
        assert "Traceback" not in output
        assert not {"weights.safetensors", "history.csv", "record.json"} & training.files()
    training.finish()
    assert training.result() == whole[0]


def test_sigint_ends_it_with_the_best_weights(
    finished: Project, whole: tuple[object, float], tmp_path: Path
) -> None:
    training = Training(finished, tmp_path / "run")
    status, output = interrupt(training, signal.SIGINT, 4)
    assert (status, "Traceback" in output) == (0, False)
    (history, record, *_), (expected, *_) = training.result(), whole[0]  # type: ignore[misc]
    assert record["ended"] == "interrupted"
    assert 4 <= len(history) < 12
    assert history == expected[: len(history)]
    losses = [float(epoch[3]) for epoch in history]
    _, about = read_weights(training.run / "weights.safetensors")
    assert about["best_epoch"] == losses.index(min(losses)) + 1


@pytest.mark.parametrize("other", [{"epochs": 3}, {"pretrained": False}, {"pack": "garden/48px"}], ids=str)
def test_another_training_starts_afresh(finished: Project, tmp_path: Path, other: dict[str, Any]) -> None:
    """Another spec, other starting weights, other photos."""
    interrupt(Training(finished, tmp_path / "run"), signal.SIGKILL, 3)
    output = Training(finished, tmp_path / "run", **other).finish()
    assert output.splitlines()[0].endswith("is of another configuration or machine: starting afresh")
    Training(finished, tmp_path / "afresh", **other).finish()
    ran = [Training(finished, tmp_path / name).result() for name in ("run", "afresh")]
    assert ran[0] == ran[1]
