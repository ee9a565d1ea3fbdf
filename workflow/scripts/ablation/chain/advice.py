"""What a person is told before and after the jobs of a study, in one line each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ablation.chain import paths
from ablation.photos import pairs
from ablation.running.errors import ERROR


def require_slots_for_arrays(workflow: Any) -> None:
    """Refuse job arrays with too few slots: the plugin for SLURM (2.8.0) forgets jobs that wait for one."""
    arrays = getattr(workflow.executor_settings, "array_jobs", None)
    trainings = sum(job.rule.name == "train" for job in workflow.dag.needrun_jobs())
    if arrays and trainings > workflow.nodes:
        told = f"{trainings} trainings as job arrays need as many slots, and --jobs is {workflow.nodes}"
        sys.exit(f"{ERROR}{told}: add --jobs {trainings}")


def warn_of_idle_cores(workflow: Any) -> None:
    """Name the option by which few trainings take many cores of this machine.

    It is the user's, for another number of threads rounds otherwise.
    """
    jobs = workflow.dag.needrun_jobs()
    threads = [job.threads for job in jobs if job.rule.name == "train"]
    most = max(threads, default=1)
    # A multiple, because a run of several processes divides its threads among them.
    wide = workflow.cores // max(len(threads), 1) // most * most
    if threads and wide > most:
        told = f"Mind: the trainings of this run use {sum(threads)} of {workflow.cores} cores."
        option = f"--set-threads train={wide} pretrain={wide}"
        cost = "a stopped training then begins anew, and results differ by rounding"
        print(f"{told} {option} can make them faster; {cost}.")


def warn_of_shared_photos(dataset: str) -> None:
    """Remind of photos that both train and validate: they make accuracies too high."""
    found = Path(paths.DUPLICATES.format(dataset=dataset))
    if count := pairs.across(found):
        print(f"Mind: {count} pairs of equal photos train and validate: {found}")
