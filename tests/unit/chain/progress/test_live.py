"""The live region as a terminal shows it, drawn by another program's terminal (pyte)."""

from __future__ import annotations

import io
import os
import time
from dataclasses import replace
from pathlib import Path

import pyte
import pytest
from rich.console import Console
from rich.progress_bar import ProgressBar

from ablation.chain.progress.events import Began, Ended, Over, Said, Started
from ablation.chain.progress.live import Region, Screen, Seen, clock
from ablation.chain.progress.state import State
from ablation.running import console as logs
from ablation.training.history import Epoch

NOW = 1_000_000.0
ROWS = 24


def terminal(columns: int, written: str) -> list[str]:
    """What a terminal shows of what was written, without the empty lines at its end."""
    screen = pyte.Screen(columns, ROWS)
    pyte.Stream(screen).feed(written.replace("\n", "\r\n"))
    return "\n".join(line.rstrip() for line in screen.display).rstrip().split("\n")


def console(columns: int) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, force_terminal=True, width=columns, height=ROWS, highlight=False), file


def drawn(state: State, columns: int) -> list[str]:
    out, file = console(columns)
    out.print(Region(state, NOW), end="")
    return terminal(columns, file.getvalue())


def write_log(path: Path, epochs: int, capsys: pytest.CaptureFixture[str]) -> None:
    for epoch in range(1, epochs + 1):
        logs.epoch_line(Epoch(epoch, 2.0, 0.4, 1.234, 0.583, 9.0, 1.0))
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    # The last epoch ended five seconds ago, half the time that it took.
    os.utime(path, (NOW - 5, NOW - 5))


@pytest.fixture
def state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> State:
    """Two trainings of ten epochs, one in its fourth, one not begun; three more wait, one is done."""
    write_log(tmp_path / "one", 3, capsys)
    state = State()
    state.apply(Began("study", 6, {"net": 6.0}, NOW - 90, "here", 1))
    state.apply(Started(0, "zero seed 0", True, "", 10, "net", 1.0, NOW - 90))
    state.apply(Ended(0, True, NOW - 42))
    state.apply(
        Started(1, "resnet101-normalize seed 0", True, str(tmp_path / "one"), 10, "net", 1.0, NOW - 42)
    )
    state.apply(Started(2, "alexnet-flip seed 0", True, str(tmp_path / "two"), 10, "net", 1.0, NOW - 3))
    return state


@pytest.mark.parametrize("columns", [80, 140])
def test_two_trainings(state: State, columns: int) -> None:
    one, two, summary = drawn(state, columns)
    assert one.startswith("resnet101-normalize seed 0")
    assert "epoch 4 of 10" in one
    assert "accuracy 0.583" in one
    assert ("loss 1.234" in one) == (columns == 140)
    assert one.endswith("0:42")
    assert "epoch 1 of 10" in two
    assert two.endswith("0:03")
    # One training took 48 s, three of ten epochs 30 s: 60 s each. Of the two 70 and 57 s are left, and three
    # wait.
    assert summary == "1 of 6 runs trained, 2 running, 3 waiting, about 3 min left"


def test_the_bar_is_as_long_as_the_epochs_that_are_done(state: State) -> None:
    """And as far in the one that runs as time tells: half of ten seconds."""
    one, two = state.training
    bar, *_ = Region(state, NOW).cells(one, Seen.of(one), 80)
    assert isinstance(bar, ProgressBar)
    assert (bar.completed, bar.total) == (3.5, 10)
    bar, *_ = Region(state, NOW).cells(two, Seen(), 80)
    assert isinstance(bar, ProgressBar)
    assert (bar.completed, bar.total) == (0, 10)


def test_a_log_of_an_earlier_training_is_not_this_ones(state: State) -> None:
    """A cluster may begin it much later."""
    step = replace(state.training[0], time=NOW)
    assert Seen.of(step) == Seen()
    assert len(Seen.of(replace(step, time=NOW - 42)).epochs) == 3


@pytest.mark.parametrize("columns", [80, 140])
def test_twenty_at_once_and_more_leave_room(columns: int, tmp_path: Path) -> None:
    state = State()
    state.apply(Began("study", 40, {"net": 40.0}, NOW, "here", 1))
    for job in range(30):
        name = f"a-rather-long-name-of-an-experiment-{job} seed 0"
        state.apply(Started(job, name, True, str(tmp_path / "none"), 10, "net", 1.0, NOW - job))
    lines = drawn(state, columns)
    assert len(lines) == ROWS - 8 + 2
    assert all(len(line) <= columns for line in lines)
    assert lines[-2] == "and 14 more that run"
    assert lines[-1] == "0 of 40 runs trained, 30 running, 10 waiting"


def test_steps_that_train_nothing_stand_below(state: State) -> None:
    state.apply(Started(3, "packing demo at 192 pixels", False, "", 0, "", 0.0, NOW - 61))
    state.running = dict(reversed(state.running.items()))
    lines = drawn(state, 80)
    assert lines[2].startswith("packing demo at 192 pixels")
    assert lines[2].endswith("1:01")


def test_lines_stay_and_the_region_goes() -> None:
    out, file = console(80)
    screen = Screen(out)
    screen.show(Began("study", 1, {"net": 1.0}, time.time(), "here", 1))
    screen.show(Said("study: 1 run"))
    screen.show(Started(1, "one seed 0", True, "none", 10, "net", 1.0, time.time()))
    screen.show(Said("drew demo"))
    assert any("epoch 1 of 10" in line for line in terminal(80, file.getvalue()))
    screen.show(Ended(1, True, time.time()))
    screen.show(Said("trained one seed 0"))
    screen.show(Over(time.time()))
    screen.stop()
    assert terminal(80, file.getvalue()) == ["study: 1 run", "drew demo", "trained one seed 0"]
    # The cursor is shown again.
    assert file.getvalue().rstrip().endswith("\x1b[?25h") or "\x1b[?25h" in file.getvalue()


def test_what_has_a_markups_signs_is_shown_as_it_is() -> None:
    out, file = console(80)
    Screen(out).show(Said("trained [bold]one[/] seed 0: \N{WHITE SMILING FACE}", "error"))
    assert terminal(80, file.getvalue()) == ["trained [bold]one[/] seed 0: \N{WHITE SMILING FACE}"]


def test_a_closed_terminal_ends_nothing() -> None:
    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(5, "Input/output error")

    screen = Screen(Console(file=Closed(), force_terminal=True, width=80, height=ROWS))
    for event in (Said("one"), Started(1, "one", True, "none", 1, "net", 1.0, NOW), Said("two"), Over(NOW)):
        screen.show(event)
    screen.stop()


@pytest.mark.parametrize(("seconds", "told"), [(0, "0:00"), (42.9, "0:42"), (3723, "1:02:03"), (-1, "0:00")])
def test_clock(seconds: float, told: str) -> None:
    assert clock(seconds) == told
