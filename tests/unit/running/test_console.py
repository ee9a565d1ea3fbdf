"""What a person sees while a stage runs: a bar where there is a terminal, plain lines elsewhere."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
LINES = "epoch 1: abc\nepoch 2: abcabc\n"


def start(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start the stage above on a new terminal of 100 columns; return it and the terminal's other end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    process = subprocess.Popen(
        ["sh", "-c", 'exec "$0" -c "$1" > log', sys.executable, STAGE],
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
    monkeypatch.setattr(sys, "stderr", io.StringIO())
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


def test_a_terminal_shows_a_bar(tmp_path: Path) -> None:
    process, terminal = start(tmp_path)
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


def test_a_closed_terminal_does_not_end_the_stage(tmp_path: Path) -> None:
    process, terminal = start(tmp_path)
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


@given(
    st.integers(1, 10_000),
    st.floats(0, 100),
    st.floats(0, 1),
    st.floats(0, 1e6),
)
def test_an_epochs_line_is_read_as_it_was_written(
    epoch: int, loss: float, accuracy: float, seconds: float
) -> None:
    said = io.StringIO()
    with redirect_stdout(said):
        console.line("going on in epoch 3, after batch 0 of 6")
        console.epoch_line(Epoch(epoch, loss, accuracy, loss / 2, 1 - accuracy, seconds, 0.0))
    with tempfile.NamedTemporaryFile("w+") as log:
        log.write(said.getvalue())
        log.flush()
        (found,) = console.last_epochs(Path(log.name))
    assert found.epoch == epoch
    expected = (loss, accuracy, loss / 2, 1 - accuracy, seconds)
    told = (found.train_loss, found.train_accuracy, found.val_loss, found.val_accuracy, found.seconds)
    assert told == pytest.approx(expected, abs=0.0501)


def test_of_a_long_log_the_last_epochs_are_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as file, redirect_stdout(file):
        for epoch in range(1, 1001):
            console.epoch_line(Epoch(epoch, 1.0, 0.5, 1.0, 0.5, 1.0, 1.0))
    found = console.last_epochs(log)
    assert found[-1].epoch == 1000
    assert len(found) > 50
    assert console.last_epochs(tmp_path / "none") == []
