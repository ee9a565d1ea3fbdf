"""What a person is told before and after the jobs of a study."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from chained import Job, Workflow, training

from ablation.chain import advice
from ablation.photos import pairs
from ablation.photos.pairs import Pair


def cluster(trainings: int, slots: int, arrays: object) -> Workflow:
    jobs = [training(f"one/seed{k}") for k in range(trainings)] + [Job("evaluate")]
    return Workflow(jobs, nodes=slots, executor_settings=SimpleNamespace(array_jobs=arrays))


def test_job_arrays_need_as_many_slots_as_trainings() -> None:
    with pytest.raises(SystemExit, match=r"^error: 3 trainings .* --jobs is 2: add --jobs 3$"):
        advice.require_slots_for_arrays(cluster(3, 2, {"train": 3}))
    advice.require_slots_for_arrays(cluster(2, 2, {"train": 3}))
    advice.require_slots_for_arrays(cluster(3, 2, None))
    advice.require_slots_for_arrays(Workflow([training("one/seed0")], executor_settings=None, nodes=0))


@pytest.mark.parametrize(
    ("cores", "threads", "wide"),
    [
        (8, [1], 8),
        (8, [1, 1, 1], 2),
        (7, [2, 2], None),
        (9, [2, 2], 4),  # a multiple of what a run of two processes takes
        (2, [1, 1], None),
        (8, [], None),
    ],
)
def test_idle_cores_are_named_with_the_option_that_uses_them(
    capsys: pytest.CaptureFixture[str], cores: int, threads: list[int], wide: int | None
) -> None:
    jobs = [training(f"one/seed{k}", threads=each) for k, each in enumerate(threads)]
    advice.warn_of_idle_cores(Workflow([*jobs, Job("pack", threads=8)], cores=cores))
    told = capsys.readouterr().out
    if wide is None:
        assert told == ""
    else:
        assert len(told.splitlines()) == 1
        assert f"use {sum(threads)} of {cores} cores" in told
        assert f"--set-threads train={wide} pretrain={wide}" in told


def test_shared_photos_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    advice.warn_of_shared_photos("mine")
    found = tmp_path / "resources/datasets/mine" / pairs.FILE
    across = Pair("a.jpg", "rose", "train", "b.jpg", "rose", "val", pairs.NEAR, 3)
    within = Pair("a.jpg", "rose", "train", "c.jpg", "rose", "train", pairs.NEAR, 3)
    pairs.write([within], found)
    advice.warn_of_shared_photos("mine")
    assert capsys.readouterr().out == ""
    pairs.write([across, within, across], found)
    advice.warn_of_shared_photos("mine")
    told = f"Mind: 2 pairs of equal photos train and validate: resources/datasets/mine/{pairs.FILE}\n"
    assert capsys.readouterr().out == told
