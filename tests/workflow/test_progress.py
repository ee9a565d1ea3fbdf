"""What a person sees of a study: in a file, on a terminal, in a dry run, and from another terminal."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import Any

import pyte
import pytest
from project import SAID, TINY, Project
from watched import COLUMNS, LONG, ROWS, Running

from ablation.chain.progress import events
from places import ROOT

TIME = r"(less than a second|\d+ s|\d+ min)"


def plan(project: Project, *arguments: str) -> list[str]:
    """The lines of a dry run, but for Snakemake's own before it reads the Snakefile."""
    done = project.snakemake("-n", *arguments)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if not line.startswith("Config file")]


def test_a_file_gets_the_lines_that_matter(finished: Project) -> None:
    said = (finished.folder / SAID).read_text(encoding="utf-8")
    assert not re.search(r"[^\n -~]", said)
    lines = said.split("tiny on demo: ")[1].splitlines()
    assert re.fullmatch(r"4 experiments, 4 runs, 4 to train; \d+ cores?", lines[0])
    expected = [
        "drew demo",
        "drew garden",
        "indexed demo: 12 photos of 3 classes",
        "indexed garden: 8 photos of 2 classes",
        "packed demo at 64 pixels",
        "packed garden at 48 pixels",
        r"pretrained googlenet \(drawn\): 0\.\d{3} at epoch 1 of 1",
        r"trained rung-none seed 0: \d\.\d{3} at epoch [12] of 2",
        r"trained rung-normalize seed 0: \d\.\d{3} at epoch [12] of 2",
        r"trained alexnet-original seed 0: \d\.\d{3} at epoch 1 of 1",
        r"trained alexnet-fewer_layers seed 0: \d\.\d{3} at epoch 1 of 1",
    ]
    steps = lines[1 : len(expected) + 1]
    for each in expected:
        assert sum(bool(re.fullmatch(f"{each}, {TIME}", line)) for line in steps) == 1, (each, steps)
    # Then what the study says at its end.
    assert all(
        re.match("Mind: |Take |Nothing can be said|This rests|Done\\.|rung-|alexnet-", line)
        for line in lines[len(expected) + 1 :]
    )


def test_another_terminal_sees_the_same(finished: Project) -> None:
    said = (finished.folder / SAID).read_text(encoding="utf-8")
    command = [sys.executable, "workflow/scripts/watch.py"]
    done = subprocess.run(
        command, cwd=finished.folder, capture_output=True, text=True, timeout=60, check=True
    )
    assert "trained rung-none seed 0" in done.stdout
    assert done.stdout in said


def test_a_picture_of_it(finished: Project) -> None:
    """As in the README: what stood there in the middle, and at the end."""
    tool = [sys.executable, str(ROOT / "tools/draw_view.py"), str(finished.folder)]
    with (finished.folder / events.JOURNAL).open(encoding="utf-8") as journal:
        happened = list(events.read(journal))
    (pretrains,) = [
        one for one in happened if isinstance(one, events.Started) and one.name.startswith("pretraining")
    ]
    (began, *_) = [one for one in happened if isinstance(one, events.Began)]
    for seconds, told in [
        (pretrains.time - began.time, "0 of 4 runs trained"),
        (1e6, "trained rung-none seed 0"),
    ]:
        done = subprocess.run([*tool, str(seconds)], capture_output=True, text=True, check=True)
        picture = "".join(ElementTree.fromstring(done.stdout).itertext()).replace("\xa0", " ")
        assert told in picture
        assert "cdnjs" not in done.stdout


def test_a_plan_of_what_is_new(study: Project) -> None:
    """A line for each rule and reason, and not a page for each job."""
    assert plan(study) == ["Nothing to be done (all requested files are present and up to date)."]
    names = ("rung-none", "rung-normalize", "alexnet-original", "alexnet-fewer_layers")
    new = f"not made yet ({', '.join(f'{name} seed 1' for name in names)})"
    follows = (
        "and what follows from these: find, summarize, suspect, answer, compare 6, explain, show_suspects, "
        "latest, report, latest_report"
    )
    assert plan(study, "--config", "seeds=2") == [
        f"train 4: {new}",
        "collect: its configuration was changed",
        f"evaluate 4: {new}",
        follows,
        "24 steps would run (a dry run: nothing was done). Every file of each: snakemake -n --verbose",
    ]
    study.append("workflow/scripts/ablation/training/rates.py", "\nMORE = 1\n")
    lines = plan(study)
    assert lines[0] == "pretrain: its code was changed: rates.py (googlenet (drawn))"
    assert lines[1] == (
        "train 2: its code was changed: rates.py (alexnet-original seed 0, alexnet-fewer_layers seed 0)"
    )


def test_the_plan_of_many_runs_is_as_short(finished: Project) -> None:
    lines = plan(finished, "--config", "seeds=500")
    assert len(lines) == 5
    assert lines[0].startswith("train 1996: not made yet (rung-none seed 1, ")
    assert lines[0].endswith(", ...)")


@pytest.fixture
def broken(study: Project) -> Project:
    """A study of one run that fails, beside one that does not."""

    def change(config: dict[str, Any]) -> None:
        (one,) = config["experiments"]
        config["experiments"] = [
            {**one, "name": "one", "epochs": 3, "patience": 3},
            {**one, "name": "two", "learning_rate": 1e30},
        ]

    project = replace(study, configs=(TINY, LONG))
    project.edit(change, LONG)
    return project


def screen(shown: str) -> list[str]:
    """What a terminal shows of all that was written to it."""
    terminal = pyte.Screen(COLUMNS, ROWS * 4)
    pyte.Stream(terminal).feed(shown)
    return [line.rstrip() for line in terminal.display]


def test_a_terminal(broken: Project) -> None:
    leftover = broken.study_folder / "architectures.png"
    leftover.parent.mkdir(parents=True)
    leftover.touch()
    running = Running(broken)
    training = running.wait_for_epoch(1)
    assert training.is_running()
    while not any("epoch 2 of 3" in line for line in screen(running.shown)):
        running.read()
    frames = screen(running.shown)
    assert running.status() == 1
    live = [line for line in frames if line.startswith("one seed 0")]
    assert len(live) == 1
    assert re.search(r"━+ +epoch 2 of 3 +accuracy \d\.\d{3} +\d:\d\d$", live[0])
    assert any(
        re.match(r"\d of 2 runs trained(, 1 failed)?, \d running, \d waiting", line) for line in frames
    )
    lines = screen(running.shown)
    # Nothing of the region is left, and neither Snakemake's pages nor a failure's traceback were ever there.
    assert not any("━" in line or "waiting" in line for line in lines)
    assert any(re.match(r"trained one seed 0: \d\.\d{3} at epoch \d of 3", line) for line in lines)
    told = " ".join(lines)
    assert "error: training two seed 0: the loss is not finite in epoch 1" in told
    assert "logs/train/demo/" in told
    assert "Some steps failed, as said above." in told
    # Neither of the two experiments is an edit.
    assert f"Removed {leftover.relative_to(broken.folder)}" in told
    assert not leftover.exists()
    for page in (
        "RuleException",
        "CalledProcessError",
        "Traceback",
        "jobid",
        "Shutting down",
        "Error in rule",
    ):
        assert page not in running.shown


def test_snakemakes_own_pages(broken: Project) -> None:
    done = broken.snakemake("--verbose", "--until", "train")
    assert done.returncode == 1
    assert "Error in rule train" in done.stderr
    assert "rule train:" in done.stderr
