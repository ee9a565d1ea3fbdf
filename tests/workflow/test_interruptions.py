"""Interrupting the workflow, and experiments that fail: what is left, and what the next command does."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from project import TINY, Project
from tables import MEASURED, rows, run_of
from watched import LONG, Running, log_of

from places import ROOT

EPOCHS = 25
FAILURE = "Some steps failed"


@pytest.fixture(scope="module")
def made(finished: Project, workshop: Path) -> Project:
    """The photos and weights of the tiny study, and an experiment of many epochs still to be trained."""
    return replace(finished.copy(workshop / "made"), configs=(TINY, LONG))


@pytest.fixture(scope="module")
def whole(made: Project, workshop: Path) -> Project:
    """The long experiment, never interrupted."""
    project = made.copy(workshop / "whole")
    project.run()
    return project


@pytest.fixture
def long(made: Project, place: Path) -> Project:
    return made.copy(place)


def result(project: Project) -> object:
    folder = run_of(project, "one")
    history = [[epoch[column] for column in ("epoch", *MEASURED)] for epoch in rows(folder / "history.csv")]
    return (
        history,
        (folder / "predictions.csv").read_bytes(),
        (folder / "weights.safetensors").read_bytes(),
        rows(project.folder / "results/summary.csv")[0]["ended"],
    )


def outcomes(project: Project) -> list[list[str]]:
    """The summary's rows without times: what each experiment measured, how it ended and why."""
    table = rows(project.folder / "results/summary.csv")
    return [[row[name] for name in (*MEASURED, "ended", "reason")] for row in table]


def assert_resumed(project: Project) -> None:
    log = log_of(project, "one").read_text(encoding="utf-8")
    assert log.startswith("going on in epoch "), log


def after_a_kill() -> str:
    """The command for this in the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"`(snakemake --unlock[^`]*)`", readme)
    assert len(found) == 1
    return found[0]


def test_interrupted_again_and_again(long: Project, whole: Project) -> None:
    checkpoint = run_of(long, "one") / "checkpoint.pt"
    summary = long.folder / "results/summary.csv"
    before = summary.read_bytes()

    running = Running(long)
    training = running.wait_for_epoch(3)
    running.press_ctrl_c()
    assert running.status() == 1
    assert not training.is_running()
    assert "Stopped. The same command goes on from the last checkpoints." in running.shown
    assert FAILURE not in running.shown
    assert checkpoint.exists()
    # An unfinished study does not count as one with failures.
    assert summary.read_bytes() == before

    # SIGINT to Snakemake alone, as some schedulers send it.
    running = Running(long)
    training = running.wait_for_epoch(6)
    os.kill(running.pid, signal.SIGINT)
    assert running.status() == 1
    assert not training.is_running()
    assert_resumed(long)

    # The terminal is closed.
    running = Running(long)
    training = running.wait_for_epoch(9)
    os.close(running.terminal)
    running.status()
    assert not training.is_running()

    # Everything is killed at once.
    running = Running(long)
    running.wait_for_epoch(12)
    for process in [*psutil.Process(running.pid).children(recursive=True), psutil.Process(running.pid)]:
        process.kill()
    assert running.status() == -signal.SIGKILL
    refused = long.snakemake()
    assert refused.returncode == 1
    assert "--unlock" in refused.stdout + refused.stderr

    overlays = " ".join(long.configs)
    command = after_a_kill().replace("snakemake", f"{sys.executable} -m snakemake --configfile {overlays}")
    done = subprocess.run(command, shell=True, cwd=long.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_resumed(long)
    assert result(long) == result(whole)
    assert not checkpoint.exists()
    assert long.plan() == set()


def test_a_training_ended_by_hand(long: Project) -> None:
    running = Running(long)
    running.wait_for_epoch(2).send_signal(signal.SIGINT)
    assert running.status() == 0, running.shown
    row = rows(long.folder / "results/summary.csv")[0]
    assert row["ended"] == "interrupted"
    assert 2 <= int(row["epochs"]) < EPOCHS
    assert {path.name for path in run_of(long, "one").iterdir()} >= {
        "curves.png",
        "samples.png",
        "history.csv",
    }
    assert long.plan() == set()


def test_a_training_ended_by_its_name_in_the_background_of_a_script(long: Project) -> None:
    """There all processes ignore SIGINT."""
    log = log_of(long, "one")
    log.unlink(missing_ok=True)
    words = [sys.executable, "-m", "snakemake", "--configfile", *long.configs]
    script = f"{shlex.join(words)} > told.txt 2>&1 & wait $!"
    running = subprocess.Popen(["sh", "-c", script], cwd=long.folder)

    def end(*arguments: str) -> subprocess.CompletedProcess[str]:
        script = long.folder / "workflow/scripts/end.py"
        command = [sys.executable, script, "--directory", long.folder.name, *arguments]
        return subprocess.run(command, cwd=long.folder.parent, capture_output=True, text=True, check=False)

    while not (log.exists() and "epoch 2:" in log.read_text(encoding="utf-8")):
        assert running.poll() is None
        time.sleep(0.02)
    # One mistake ends none.
    other = end("one", "another")
    assert other.returncode == 1
    assert other.stderr.splitlines() == [
        "error: no training is called another: write some of those that train now in this folder "
        "(--directory names another): one/seed0"
    ]
    done = end("one")
    assert done.stdout == "one/seed0 ends after its epoch, with its best weights so far\n", done.stderr
    assert running.wait() == 0, (long.folder / "told.txt").read_text(encoding="utf-8")
    row = rows(long.folder / "results/summary.csv")[0]
    assert row["ended"] == "interrupted"
    assert 2 <= int(row["epochs"]) < EPOCHS
    assert not (run_of(long, "one") / "training.end").exists()
    assert long.plan() == set()
    assert end("one").stderr.endswith("nothing trains now in this folder (--directory names another)\n")


def test_a_preempted_training_resumes_on_the_retry(long: Project, whole: Project) -> None:
    running = Running(long, "--retries", "1")
    running.wait_for_epoch(2).terminate()
    assert running.status() == 0, running.shown
    assert_resumed(long)
    assert result(long) == result(whole)


# --- failures ---------------------------------------------------------------------------------------

Change = Callable[[dict[str, Any]], object]


def rung(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = config["experiments"][0]
    return found


def test_a_failed_experiment_has_a_row_and_the_others_have_theirs(study: Project) -> None:
    """An absurd learning rate makes the loss infinite, for both seeds; another one is trained."""
    before = rows(study.folder / "results/summary.csv")

    def add(config: dict[str, Any]) -> None:
        wild = {
            **rung(config),
            "name": "wild",
            "augmentation": "none",
            "learning_rate": 1e30,
            "seeds": [0, 1],
        }
        config["experiments"] += [wild, {**wild, "name": "tame", "learning_rate": 0.001}]

    study.edit(add)
    done = study.snakemake("--cores", "1")
    output = done.stdout + done.stderr
    assert done.returncode == 1
    assert FAILURE in output
    assert "Traceback" not in output
    *others, wild, tame = rows(study.folder / "results/summary.csv")
    # Which could be the best depends on all.
    among = ("could_be_best", "p_best", "corrected_accuracy", "corrected_low", "corrected_high")
    assert [{**row, **dict.fromkeys(among)} for row in others] == [
        {**row, **dict.fromkeys(among)} for row in before
    ]
    assert (tame["experiment"], tame["seeds"], tame["ended"]) == ("tame", "2", "epoch_limit epoch_limit")
    assert (wild["experiment"], wild["backbone"], wild["seeds"]) == ("wild", "googlenet", "0")
    assert wild["ended"] == "failed failed"
    assert re.match(r"seed 0: the loss is not finite in epoch 1, training batch [23]: lower", wild["reason"])
    assert wild["val_loss"] == ""

    # Mended, it runs, and nothing else does.
    study.edit(lambda config: config["experiments"][-2].update(learning_rate=0.002))
    assert {job for job in study.plan() if job.startswith("train ")} == {"train wild 0", "train wild 1"}
    study.run()
    assert {row["reason"] for row in rows(study.folder / "results/summary.csv")} == {""}


def test_what_waited_for_a_failed_step_says_which(study: Project) -> None:
    """A pretraining that fails leaves two experiments without weights, and the other two alone."""
    overlay = study.folder / TINY
    config, before = overlay.read_text(encoding="utf-8"), outcomes(study)
    study.edit(
        lambda config: config["weight_sources"]["drawn"]["overrides"]["googlenet"].update(optimizer="wild")
    )
    study.edit(lambda config: config["optimizers"].update(wild={"algorithm": "sgd", "learning_rate": 1e30}))
    assert study.snakemake().returncode == 1
    table = rows(study.folder / "results/summary.csv")
    assert [row["ended"] for row in table] == ["failed", "failed", "epoch_limit", "epoch_limit"]
    assert all(
        row["reason"].startswith("the loss is not finite in epoch 1, training batch ") for row in table[:2]
    )
    overlay.write_text(config, encoding="utf-8")
    study.run()
    assert outcomes(study) == before
    assert study.plan() == set()


def test_a_killed_training_has_a_reason_too(study: Project) -> None:
    more = {"name": "one", "augmentation": "none", "weights": "none", "epochs": EPOCHS, "patience": EPOCHS}
    study.edit(lambda config: config["experiments"].append({**rung(config), **more}))
    running = Running(study)
    running.wait_for_epoch(2).kill()
    assert running.status() == 1
    row = rows(study.folder / "results/summary.csv")[-1]
    assert (row["experiment"], row["ended"]) == ("one", "failed")
    assert "killed" in row["reason"]
    assert str(log_of(study, "one").relative_to(study.folder)) in row["reason"]


def test_all_failed(long: Project) -> None:
    """What an earlier study left must not pass for this one's results."""
    running = Running(long)
    running.wait_for_epoch(2).kill()
    assert running.status() == 1
    assert FAILURE in running.shown
    (row,) = rows(long.folder / "results/summary.csv")
    assert (row["experiment"], row["ended"]) == ("one", "failed")


def test_a_failure_that_is_gone(study: Project) -> None:
    """Mended and trained by itself: the table must follow."""
    run, before = run_of(study, "rung-none"), outcomes(study)
    (run / "record.json").unlink()
    (run / "training.lock").mkdir()
    assert study.snakemake().returncode == 1
    failed, *others = outcomes(study)
    assert "failed" in failed
    assert "training.lock" in failed[-1]
    assert others == before[1:]
    (run / "training.lock").rmdir()
    study.run(str((run / "predictions.csv").relative_to(study.folder)))
    study.run()
    assert outcomes(study) == before
    assert study.plan() == set()


def test_a_damaged_file_is_named_and_the_table_stays(study: Project) -> None:
    """Not a row without figures: who deletes the file as told has it trained again."""
    before = (study.folder / "results/summary.csv").read_bytes()
    run = run_of(study, "rung-none")
    (run / "record.json").write_text("{")
    done = study.snakemake("results/summary.csv")
    assert done.returncode == 1
    assert f"error: {run.relative_to(study.folder)} has no readable results" in done.stdout + done.stderr
    assert (study.folder / "results/summary.csv").read_bytes() == before
    shutil.rmtree(run)
    study.run("results/summary.csv")
    assert study.plan("results/summary.csv") == set()


def test_the_table_alone(long: Project, whole: Project) -> None:
    """Neither predictions nor pictures are made for it, and what trainings keep for a resumption goes."""
    steps = {"train one 0", "collect", "summarize", "answer", "latest"}
    assert long.plan("results/summary.csv") == steps
    long.run("results/summary.csv")
    left = {path.name for path in run_of(long, "one").iterdir()}
    assert "weights.safetensors" in left
    assert not left & {"checkpoint.pt", "training.lock", "predictions.csv", "curves.png"}
    found, expected = (
        [row[name] for row in rows(project.folder / "results/summary.csv") for name in MEASURED]
        for project in (long, whole)
    )
    assert found == expected


def test_snakemake_alone_is_killed(long: Project) -> None:
    """Its training goes on; a later workflow makes it leave, and goes on where it was."""
    long.edit(lambda config: config["experiments"][0].update(epochs=300, patience=300), LONG)
    log = log_of(long, "one")
    log.unlink(missing_ok=True)
    # Without a terminal, whose end would tell the training to leave.
    command = [sys.executable, "-m", "snakemake", "--configfile", *long.configs]
    snakemake = subprocess.Popen(
        command,
        cwd=long.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (log.exists() and "epoch 2:" in log.read_text(encoding="utf-8")):
        assert snakemake.poll() is None
        time.sleep(0.02)
    orphan = next(one for one in psutil.Process(snakemake.pid).children(recursive=True) if not one.children())
    snakemake.kill()
    snakemake.wait()
    assert orphan.is_running()
    long.run("--unlock")
    running = Running(long)
    while not (log.exists() and re.search("^epoch ", log.read_text(encoding="utf-8"), re.M)):
        assert psutil.Process(running.pid).status() != psutil.STATUS_ZOMBIE, running.shown
        running.read()
        time.sleep(0.02)
    # It has given up the run, and ends.
    orphan.wait(60)
    running.press_ctrl_c()
    assert running.status() == 1
    told = log.read_text(encoding="utf-8")
    assert f"stopping process {orphan.pid}" in told
    assert "going on in epoch " in told


def test_sigterm_stops_the_workflow(long: Project) -> None:
    before = (long.folder / "results/summary.csv").read_bytes()
    running = Running(long)
    training = running.wait_for_epoch(2)
    os.kill(running.pid, signal.SIGTERM)
    assert running.status() == 1
    assert not training.is_running()
    assert "Stopped." in running.shown
    assert (long.folder / "results/summary.csv").read_bytes() == before
    checkpoint = run_of(long, "one") / "checkpoint.pt"
    content = checkpoint.read_bytes()
    # What Snakemake takes for trained when told to is not.
    assert "Finished jobid: " in (long.snakemake("--touch", "--verbose").stderr)
    assert checkpoint.read_bytes() == content
