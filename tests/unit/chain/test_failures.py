"""Why a step failed, from logs as the steps leave them."""

from __future__ import annotations

from pathlib import Path

import pytest
from chained import Job, Workflow, training

from ablation.chain import failures

TRACEBACK = """epoch 1: train loss 1.0
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    main()
ZeroDivisionError: division by zero
"""


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("error: the disk is full\n", "the disk is full"),
        ("epoch 1: fine\nerror: first\nepoch 2: fine\nerror: last\n\n", "last"),
        (TRACEBACK, "ZeroDivisionError: division by zero (see {log})"),
        ("epoch 1: fine\n", "ended without a message, as when memory ran out or it was killed (see {log})"),
        ("", "ended without a message, as when memory ran out or it was killed (see {log})"),
        (None, "ended without a message, as when memory ran out or it was killed (see {log})"),
    ],
)
def test_reason(tmp_path: Path, log: str | None, reason: str) -> None:
    path = tmp_path / "train.log"
    if log is not None:
        path.write_text(log, encoding="utf-8")
    assert failures.reason(path) == reason.format(log=path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_bytes(b"\xff\xfe\nerror: \xff broken\n")
    assert failures.reason(tmp_path / "train.log") == "\ufffd broken"


# --- which job is to blame ---------------------------------------------------------------------------


def log(folder: Path, name: str, error: str) -> str:
    path = folder / f"{name}.log"
    path.write_text(f"fine\nerror: {error}\n", encoding="utf-8")
    return str(path)


def test_each_run_has_the_reason_of_the_job_that_failed(tmp_path: Path) -> None:
    pack = Job("pack", log=[log(tmp_path, "pack", "no photos")])
    pretrain = Job("pretrain", log=[log(tmp_path, "pretrain", "not finite")])
    own = training("own/seed0", log(tmp_path, "own", "out of memory"))
    waiting, both = training("waiting/seed1"), training("both/seed0")
    innocent = training("innocent/seed0")
    workflow = Workflow([pack, pretrain, own, waiting, both, innocent, Job("collect")])
    workflow.order(pretrain, pack)
    workflow.order(waiting, pretrain)
    workflow.order(both, own)
    workflow.fail(own, pretrain)
    assert failures.of_runs(workflow) == {
        "own/seed0": "out of memory",
        "waiting/seed1": "not finite",
        "both/seed0": "out of memory",
        "innocent/seed0": "not run, because another step failed before",
    }


def test_jobs_that_failed_have_a_line_each(tmp_path: Path) -> None:
    jobs = [Job(name, log=[str(tmp_path / f"{name}.log")]) for name in ("index", "unpack", "pack")]
    (tmp_path / "index.log").write_text("error: rose/1.jpg is empty: remove it\n", encoding="utf-8")
    workflow = Workflow(jobs)
    workflow.fail(*jobs[:2])
    unpack = f"error: ended without a message, as when memory ran out or it was killed (see {jobs[1].log[0]})"
    assert sorted(failures.errors(workflow)) == [unpack, "error: rose/1.jpg is empty: remove it"]
