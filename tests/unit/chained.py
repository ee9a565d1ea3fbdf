"""What stands for Snakemake's objects: wildcards, jobs and a workflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


def wildcards(**values: str) -> SimpleNamespace:
    return SimpleNamespace(**values)


@dataclass(eq=False)
class Job:
    """A job as the hooks see it; Snakemake's are told apart by what they are, not by what they hold."""

    rule_name: str
    wildcards: Any = None
    log: list[str] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    threads: int = 1

    @property
    def rule(self) -> SimpleNamespace:
        return SimpleNamespace(name=self.rule_name)

    def is_group(self) -> bool:
        return False


def training(name: str, log: str = "") -> Job:
    run, _, seed = name.partition("/seed")
    return Job("train", wildcards(run=run, seed=seed, fold=""), [log])


class Workflow:
    """A workflow with jobs that have to run, some of which failed."""

    def __init__(self, jobs: list[Job], **settings: Any) -> None:
        dependencies: dict[Job, dict[Job, None]] = {job: {} for job in jobs}
        self.dag = SimpleNamespace(needrun_jobs=lambda: list(jobs), jobs=jobs, dependencies=dependencies)
        self.dag.targetjobs, self.dag.targetfiles = set(jobs), set()
        self.dag_settings = SimpleNamespace(until=set())
        self.scheduler = SimpleNamespace(failed=set())
        self.forgotten: list[str] = []
        self.persistence = SimpleNamespace(cleanup_metadata=self.forgotten.append)
        self.__dict__ |= settings

    def fail(self, *jobs: Job) -> None:
        self.scheduler.failed |= set(jobs)

    def order(self, job: Job, *before: Job) -> None:
        self.dag.dependencies[job] = dict.fromkeys(before)
