"""How a signal that only Snakemake gets inside a cluster's job comes to the job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"
# Like the Snakemake inside a job: it installs its own handler later, and only waits for its child.
SNAKEMAKE = """
import signal, subprocess, sys
from ablation import signals
signals.pass_on(lambda: sys.argv[1] == "here")
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
