"""What is made of Snakemake's log records: the lines in a file, and the journal that others watch."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chained import Workflow, training
from configs import small

from ablation.chain.interruption import Interruption
from ablation.chain.progress import events, view
from ablation.chain.progress.steps import Names
from ablation.chain.runs import Runs
from ablation.chain.weights import Weights
from ablation.study import study
from places import SCHEMA, SCRIPTS

Log = Callable[..., None]
Said = pytest.CaptureFixture[str]


@pytest.fixture
def said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> pytest.CaptureFixture[str]:
    """What standard error, which is no terminal, gets in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return capsys


@pytest.fixture
def names() -> Names:
    checked = study.load(small(), SCHEMA)
    return Names(checked, Runs(checked, gpus=0), Weights(checked, cuda=False))


@pytest.fixture
def interruption() -> Interruption:
    return Interruption()


@pytest.fixture
def log(said: Said, names: Names, interruption: Interruption) -> Log:  # noqa: ARG001
    """Logs a record as Snakemake does, to a view of the small study, all of which is to be trained."""
    (folder,) = [one.folder for one in names.study.experiments.values() if one.name == "one"]
    jobs = [training(f"{folder}/seed0"), training(f"{folder}/seed1")]
    settings = SimpleNamespace(nocolor=True, stdout=False)
    workflow = Workflow(jobs, dryrun=False, touch=False, output_settings=settings)
    views: list[view.View] = []

    def to_view(text: str | None, level: int = logging.INFO, **extra: Any) -> None:
        if not views:
            # Here, since pytest captures what a test prints and what its fixtures do in streams of their own.
            views.append(view.View(workflow, names, interruption, "2 cores"))
            to_view("Job stats:", event="run_info", stats={})
        record = logging.LogRecord("snakemake.logging", level, "", 0, text, (), None)
        record.__dict__ |= extra
        views[0].emit(record)

    return to_view


def starts(log: Log, names: Names, job: int, where: str = "") -> None:
    (folder,) = [one.folder for one in names.study.experiments.values() if one.name == "one"]
    log(
        "rule",
        event="job_info",
        jobid=job,
        rule_name="train",
        wildcards={"run": folder, "seed": "0", "fold": ""},
        output=["history.csv"],
        log=[where] if where else [],
    )


def fails(to_view: Log, **changes: Any) -> None:
    record = {"jobid": 1, "rule_name": "train", "rule_msg": None, "log": ["log"], **changes}
    to_view("Error in rule", logging.ERROR, event="job_error", **record)


def lines(said: Said) -> list[str]:
    return said.readouterr().err.splitlines()


def test_a_study_and_a_run(log: Log, names: Names, said: Said) -> None:
    starts(log, names, 1)
    Path("history.csv").write_text("epoch,val_loss,val_accuracy\n1,2.0,0.25\n", encoding="utf-8")
    log("Finished jobid: 1 (Rule: train)", event="job_finished", job_id=1)
    log("1 of 2 steps (50%) done", event="progress", done=1, total=2)
    assert lines(said) == [
        "default on drawn: 3 experiments, 3 runs, 2 to train; 2 cores",
        "trained one seed 0: 0.250 at epoch 1 of 1, less than a second",
    ]
    with events.JOURNAL.open(encoding="utf-8") as file:
        kinds = [type(event) for event in events.read(file)]
    assert kinds == [events.Began, events.Said, events.Started, events.Ended, events.Said]


def test_a_failure_is_one_line(log: Log, names: Names, said: Said) -> None:
    starts(log, names, 1, "log")
    Path("log").write_text("epoch 1: ...\nerror: the loss is not finite\n", encoding="utf-8")
    fails(log)
    log("RuleException:\nCalledProcessError in file", logging.ERROR, event="error", exception="RuleException")
    log("Trying to restart job 1.")
    log("Exiting because a job execution failed. Look below for error messages", logging.ERROR)
    log(
        "WorkflowError:\nAt least one job did not complete successfully.",
        40,
        event="error",
        exception="WorkflowError",
    )
    assert lines(said)[1:] == [
        "error: training one seed 0: the loss is not finite (log)",
        "once more: training one seed 0",
    ]


def test_what_a_cluster_says_of_a_failure(log: Log, names: Names, said: Said) -> None:
    log("SLURM run ID: 75a1")
    starts(log, names, 1, "log")
    log("Job 1 has been submitted with SLURM jobid 7 (log: slurm.log).")
    status = "SLURM-job '7' failed,\n SLURM status is: 'OUT_OF_MEMORY'. "
    fails(log, rule_msg=status)
    assert lines(said)[1:] == [
        "error: training one seed 0: ended without a message, as when memory ran out or it was killed "
        "(see log); "
        "SLURM-job '7' failed, SLURM status is: 'OUT_OF_MEMORY'."
    ]


def test_what_an_interruption_ends_has_not_failed(
    log: Log, names: Names, said: Said, interruption: Interruption
) -> None:
    starts(log, names, 1, "log")
    interruption.came = True
    fails(log)
    log("Terminating processes on user request, this might take some time.")
    assert len(lines(said)) == 1


def test_what_is_not_known_is_passed_on(log: Log, said: Said) -> None:
    log(
        "MissingInputException in rule train", logging.ERROR, event="error", exception="MissingInputException"
    )
    log("Something that a later Snakemake says.")
    log("Nothing to be done (all requested files are present and up to date).")
    log(None)
    assert lines(said)[1:] == [
        "MissingInputException in rule train",
        "Something that a later Snakemake says.",
        "Nothing to be done (all requested files are present and up to date).",
    ]


def test_a_step_of_no_rule_of_ours(log: Log, said: Said) -> None:
    log("rule", event="job_info", jobid=7, rule_name="theirs", wildcards={}, output=[], log=[])
    fails(log, jobid=7, rule_name="theirs", log=[])
    assert lines(said)[1:] == ["error: theirs: it has no log that says why"]


@pytest.mark.parametrize("asked", ["verbose", "printshellcmds", "debug_dag", "quiet"])
def test_snakemakes_own_pages_where_they_are_asked_for(asked: str, names: Names) -> None:
    native = logging.NullHandler()
    native.name = view.NATIVE
    logger = logging.getLogger(view.LOGGER)
    logger.addHandler(native)
    settings = dict.fromkeys(("verbose", "printshellcmds", "debug_dag", "quiet", "nocolor"), False) | {
        asked: True
    }
    workflow: Any = SimpleNamespace(output_settings=SimpleNamespace(**settings), is_main_process=True)
    try:
        assert isinstance(view.install(workflow, names, Interruption(), ""), view.Native)
        assert native in logger.handlers
    finally:
        logger.removeHandler(native)


def watch(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / "watch.py"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_watch(tmp_path: Path) -> None:
    journal = events.Journal(tmp_path / events.JOURNAL)
    journal.write(events.Began.here("study", 1, {"net": 1.0}, 0.0))
    journal.write(events.Said("study: 1 run"))
    journal.write(events.Over(1.0))
    assert watch(tmp_path).stdout == "study: 1 run\n"
    assert watch(Path("/"), "--directory", str(tmp_path)).stdout == "study: 1 run\n"


def test_watch_tells_of_a_killed_study(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    began = events.Began.here("study", 1, {"net": 1.0}, 0.0)
    journal = events.Journal(tmp_path / events.JOURNAL)
    journal.write(events.Began(**(vars(began) | {"process": ended.pid})))
    journal.write(events.Said("study: 1 run"))
    done = watch(tmp_path)
    assert done.stdout == (
        "study: 1 run\nSnakemake was killed. The same command goes on from the last checkpoints.\n"
    )
    assert done.returncode == 0


def test_watch_where_nothing_ran(tmp_path: Path) -> None:
    done = watch(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: no study has run in {os.fspath(tmp_path)} (--directory names another)\n"
