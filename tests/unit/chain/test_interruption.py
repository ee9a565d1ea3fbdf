"""How Ctrl-C comes to the jobs of a cluster, and SIGTERM from Snakemake inside a job to the job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from ablation.chain import interruption
from places import SCRIPTS

# Like the Snakemake inside a job: it installs its own handler later, and only waits for its child.
SNAKEMAKE = """
import signal, subprocess, sys
from ablation.chain import interruption
interruption.pass_on(lambda: sys.argv[1] == "here")
signal.signal(signal.SIGTERM, lambda *_: None)
child = subprocess.Popen(["sleep", sys.argv[2]])
print("started", flush=True)
print(child.wait())
"""


def passed_on(where: str, seconds: int) -> int:
    """Send SIGTERM to such a process alone; return its child's exit status."""
    process = subprocess.Popen(
        [sys.executable, "-c", SNAKEMAKE, where, str(seconds)],
        env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    process.terminate()
    return int(process.communicate()[0])


def test_sigterm_is_passed_on() -> None:
    assert passed_on("here", 600) == -signal.SIGTERM


def test_not_by_one_that_waits_for_another_snakemake() -> None:
    assert passed_on("elsewhere", 2) == 0


class Cluster:
    """An executor whose jobs come to the cluster one after another."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.active_jobs = [SimpleNamespace(external_jobid="1")]
        self.cancelled: list[str] = []

    def cancel_jobs(self, jobs: list[SimpleNamespace]) -> None:
        self.cancelled += [job.external_jobid for job in jobs]


def test_each_job_is_cancelled_once_however_late_it_comes() -> None:
    cluster = Cluster()
    done = interruption.cancel_jobs(cluster, set())
    assert done == {"1"}
    cluster.active_jobs.append(SimpleNamespace(external_jobid="2"))
    done |= interruption.cancel_jobs(cluster, done)
    assert interruption.cancel_jobs(cluster, done) == set()
    assert cluster.cancelled == ["1", "2"]


def test_a_closed_terminal_does_not_keep_jobs_from_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be said there, in whichever way it is said."""

    def say(_text: str) -> None:
        raise OSError(5, "Input/output error")

    def end(_seconds: float) -> None:
        raise SystemExit

    told: list[str] = []
    monkeypatch.setattr(interruption, "terminate_jobs", lambda: told.append("terminated"))
    monkeypatch.setattr(time, "sleep", end)
    heeding = interruption.Interruption()
    scheduler = SimpleNamespace(_executor=None, _open_jobs=threading.Semaphore(0))
    monkeypatch.setattr(interruption, "on_signal", lambda *_: None)
    heeding.heed(scheduler, say)
    with pytest.raises(SystemExit):
        heeding._stop(True)
    assert told == ["terminated"]
    assert scheduler._user_kill == "graceful"
    assert scheduler._open_jobs.acquire(blocking=False)
