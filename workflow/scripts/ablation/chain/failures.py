"""Why steps failed, in one line each, from what they left in their logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ablation.running.errors import ERROR

TRACEBACK = "Traceback (most recent call last):"


def reason(log: Path) -> str:
    """Return the error in a failed step's log: the message for the user, or the exception."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    lines = [line.strip() for line in lines if line.strip()]
    told = [line.removeprefix(ERROR) for line in lines if line.startswith(ERROR)]
    if told:
        return told[-1]
    if TRACEBACK in lines:
        return f"{lines[-1]} (see {log})"
    return f"ended without a message, as when memory ran out or it was killed (see {log})"


def of_runs(workflow: Any) -> dict[str, str]:
    """Return why each run (by its folder) that is not trained is not, after a job failed."""
    return {
        f"{job.wildcards.run}/seed{job.wildcards.seed}{job.wildcards.fold}": of_job(job, workflow)
        for job in workflow.dag.needrun_jobs()
        if job.rule.name == "train"
    }


def errors(workflow: Any) -> list[str]:
    """Return why the jobs that failed did, as the lines that they would have ended with on a terminal."""
    return [f"{ERROR}{reason(Path(job.log[0]))}" for job in workflow.scheduler.failed]


def of_job(job: Any, workflow: Any) -> str:
    """Return why a job has no results: from the log of the failed one that it waited for, perhaps itself."""
    waiting = [job]
    while waiting:
        job = waiting.pop()
        if job in workflow.scheduler.failed:
            return reason(Path(job.log[0]))
        waiting += workflow.dag.dependencies[job]
    return "not run, because another step failed before"
