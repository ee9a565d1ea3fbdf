"""Which runs train now, what they are called, and how one is asked to end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ablation.running import ending, kept
from ablation.running.signals import Requests


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "demo/one/seed0"
    folder.mkdir(parents=True)
    return folder


def lock(run: Path, text: str) -> None:
    (run / kept.LOCK).write_text(text, encoding="utf-8")


def test_a_process_that_trains_and_others(tmp_path: Path, run: Path) -> None:
    host = socket.gethostname()
    script = tmp_path / "train.py"
    script.write_text("print(flush=True); input()", encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        process.stdout.readline()
        lock(run, f"{host} {process.pid}")
        assert ending.training(tmp_path) == [run]
        process.communicate("\n")
    assert ending.training(tmp_path) == []
    # The number may be another program's by now.
    lock(run, f"{host} {os.getpid()}")
    assert ending.training(tmp_path) == []
    lock(run, "another-machine 17")
    assert ending.training(tmp_path) == [run]


@pytest.mark.parametrize("text", ["", "x", f"{socket.gethostname()} x", f"{socket.gethostname()} 999999999"])
def test_a_lock_that_names_no_process(tmp_path: Path, run: Path, text: str) -> None:
    lock(run, text)
    assert ending.training(tmp_path) == ([run] if text == "x" else [])


def test_names(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.parents[2])
    studies = Path("studies")
    assert ending.names(run, studies) == ["one/seed0"]
    for study, experiment in (("first", "flip"), ("first", "turn"), ("second", "flip")):
        link = studies / "demo" / study / "runs" / experiment
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(Path("demo/one").absolute())
    (studies / "demo/second/runs/other").symlink_to("nowhere")
    assert ending.names(run, studies) == ["flip/seed0", "turn/seed0", "one/seed0"]
    called = ("one", "one/seed0", "flip", "turn/seed0", str(run), "demo/one/seed0", "demo/one/seed0/")
    for given in (*called, "studies/demo/second/runs/flip/seed0"):
        assert ending.is_called(run, given, studies)
    for given in ("on", "one/seed1", "seed0", "demo/one", "", "other"):
        assert not ending.is_called(run, given, studies)


def test_the_file_asks_to_finish_unless_the_training_is_to_leave(run: Path) -> None:
    requests = Requests(run / kept.END)
    assert not requests.finish()
    ending.ask(run)
    assert requests.finish()
    requests.leave = True
    assert not requests.finish()
    kept.clear(run)
    assert not list(run.iterdir())
