"""What a person sees while a stage runs: a bar where there is a terminal, plain lines elsewhere."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from ablation.running import console
from ablation.training.history import Epoch
from places import SCRIPTS

STAGE = """
import time
from ablation.running import console
progress = console.Progress("resnet34 pretraining", 2)
seen = []
for epoch in (1, 2):
    for batch in progress(list("abc"), epoch):
        seen.append(batch)
        time.sleep(0.12)
    console.line(f"epoch {epoch}: " + "".join(seen))
"""
# As torchrun starts processes: without further descriptors, in a session of their own.
LAUNCHER = f"""
import subprocess, sys
from ablation.running import console
console.hand_on_terminal()
subprocess.run([sys.executable, "-c", {STAGE!r}], start_new_session=True, check=True)
"""
LINES = "epoch 1: abc\nepoch 2: abcabc\n"
# A rule sends both streams to its log and keeps the terminal as descriptor 3; a person may redirect nothing
# but standard output.
REDIRECTIONS = pytest.mark.parametrize("redirection", ["3>&2 > log 2>&1", "> log"], ids=["3", "2"])


def start(folder: Path, redirection: str, stage: str = STAGE) -> tuple[subprocess.Popen[bytes], int]:
    """Start the stage above on a new terminal of 100 columns; return it and the terminal's other end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    process = subprocess.Popen(
        ["sh", "-c", f'exec "$0" -c "$1" {redirection}', sys.executable, stage],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
        stdin=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    return process, ours


def read_all(terminal: int) -> str:
    """Read what is shown until every program has left the terminal."""
    shown = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # Linux's end of a pseudo-terminal
            part = b""
        if not part:
            return shown.decode()
        shown += part


def test_nothing_is_wrapped_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda _descriptor: False)
    progress = console.Progress("resnet34", 2)
    batches = [1, 2, 3]
    assert progress(batches, 1) is batches


def test_no_bar_reaches_a_file(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STAGE],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (ended.stdout, ended.stderr) == (LINES, "")


@pytest.mark.parametrize("stage", [STAGE, LAUNCHER], ids=["one process", "launched"])
@REDIRECTIONS
def test_a_terminal_shows_a_bar(redirection: str, stage: str, tmp_path: Path) -> None:
    process, terminal = start(tmp_path, redirection, stage)
    shown = read_all(terminal)
    os.close(terminal)
    assert process.wait(60) == 0
    for epoch in (1, 2):
        assert f"resnet34 pretraining {epoch}/2:   0%|" in shown
        assert f"resnet34 pretraining {epoch}/2:  33%|" in shown
    assert "2/3 [" in shown
    # The bar is wiped, so that the terminal's next line starts clean.
    assert shown.endswith("\r")
    assert shown.split("\r")[-2].strip() == ""
    assert (tmp_path / "log").read_text(encoding="utf-8") == LINES


@REDIRECTIONS
def test_a_closed_terminal_does_not_end_the_stage(redirection: str, tmp_path: Path) -> None:
    process, terminal = start(tmp_path, redirection)
    assert b"resnet34" in os.read(terminal, 4096)
    os.close(terminal)
    assert process.wait(60) == 0
    assert LINES in (tmp_path / "log").read_text(encoding="utf-8")


def test_an_epoch_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    console.epoch_line(Epoch(7, 1.23456, 0.5, 2.0, 0.33333, 10.04, 2.5))
    assert capsys.readouterr() == (
        "epoch 7: train loss 1.2346 accuracy 0.5000, validation loss 2.0000 accuracy 0.3333, 12.5 s\n",
        "",
    )
