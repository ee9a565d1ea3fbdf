"""What a person is told before and after the jobs of a study."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from chained import Job, Workflow, training
from configs import load, one, small

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


IDLE = [
    (8, 1, {}, 1, 8),
    (8, 3, {}, 3, 2),
    (2, 2, {}, None, None),
    (8, 0, {}, None, None),
    # What a run of two processes takes, it takes twice.
    (9, 2, {"gpus": 2}, 4, 2),
    (7, 2, {"gpus": 2}, None, None),
    (12, 2, {"threads": 2}, 4, 6),
    (7, 2, {"threads": 3}, None, None),
]


@pytest.mark.parametrize(("cores", "trainings", "recipe", "used", "wide"), IDLE)
def test_idle_cores_are_named_with_the_value_that_uses_them(
    capsys: pytest.CaptureFixture[str],
    cores: int,
    trainings: int,
    recipe: dict[str, int],
    used: int | None,
    wide: int | None,
) -> None:
    """Few trainings of a study of 15 runs."""
    config = small(seeds=list(range(5)))
    config["recipe"] |= recipe
    jobs = [training(f"one/seed{k}") for k in range(trainings)]
    advice.warn_of_idle_cores(Workflow([*jobs, Job("pack", threads=8)], cores=cores), load(config))
    now = recipe.get("threads", 1)
    told = (
        f"Mind: the trainings of this run use {used} of {cores} cores. recipe.threads: {wide} "
        f"in place of {now} can make them faster; every run of the study (15) then trains anew.\n"
    )
    assert capsys.readouterr().out == (told if wide else "")


def test_nothing_is_said_of_threads_that_an_experiment_chose(capsys: pytest.CaptureFixture[str]) -> None:
    advice.warn_of_idle_cores(Workflow([training("one/seed0")], cores=8), load(one(threads=2)))
    assert capsys.readouterr().out == ""


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
