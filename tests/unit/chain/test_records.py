"""What a training kept goes as soon as Snakemake has recorded it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from chained import Job

from ablation.chain.records import clear_when_trained
from ablation.running import kept


class Dag:
    def __init__(self) -> None:
        self.recorded: list[Job] = []

    async def finish(self, job: Any, **_options: Any) -> None:
        assert all(
            Path(name).with_name(kept.CHECKPOINT).exists() for one in parts(job) for name in one.output
        )
        self.recorded += parts(job)


class Group(list[Job]):
    def is_group(self) -> bool:
        return True


def parts(job: Any) -> list[Job]:
    return list(job) if job.is_group() else [job]


def job_of(folder: Path, rule: str = "train") -> Job:
    folder.mkdir()
    for name in (kept.CHECKPOINT, kept.LOCK, "history.csv"):
        (folder / name).touch()
    return Job(rule, output=[str(folder / "history.csv")])


def finish(job: Any) -> Dag:
    dag = Dag()
    clear_when_trained(dag)
    asyncio.run(dag.finish(job, update_checkpoint_dependencies=False))
    return dag


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_training(tmp_path: Path) -> None:
    job = job_of(tmp_path / "run")
    assert finish(job).recorded == [job]
    assert names(tmp_path / "run") == {"history.csv"}


def test_a_group_of_trainings(tmp_path: Path) -> None:
    finish(Group([job_of(tmp_path / "one"), job_of(tmp_path / "two")]))
    assert names(tmp_path / "one") == names(tmp_path / "two") == {"history.csv"}


@pytest.mark.parametrize("rule", ["evaluate", "pretrain"])
def test_other_jobs_keep_what_lies_beside_them(tmp_path: Path, rule: str) -> None:
    finish(job_of(tmp_path / "run", rule))
    assert kept.CHECKPOINT in names(tmp_path / "run")


def test_a_training_without_results_keeps_it(tmp_path: Path) -> None:
    """As with Snakemake's option --touch."""
    job = job_of(tmp_path / "run")
    job.output.append(str(tmp_path / "run/weights.safetensors"))
    finish(job)
    assert kept.CHECKPOINT in names(tmp_path / "run")
