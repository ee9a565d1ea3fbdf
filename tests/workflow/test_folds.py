"""Folds and test sets through the whole chain: which runs there are, what they leave, what adding trains."""

from __future__ import annotations

from pathlib import Path

import pytest
from own_photos import photo, write_classes
from project import TINY, Project
from tables import rows

FOLDS = "split={folds: 2}"
EXPERIMENTS = [
    {"name": name, "backbone": "googlenet", "optimizer": "tiny", "augmentation": name, "weights": "none"}
    for name in ("flip", "none")
]


@pytest.fixture
def study(sources: Project, place: Path) -> Project:
    """Two experiments of one epoch on two classes, and a test set: two photos have labels, one has none."""
    project = sources.copy(place)
    write_classes(project.folder / "mine/train", photos=4)
    for number, name in enumerate(("rose/x.jpg", "tulip/y.jpg", "z.jpg")):
        path = project.folder / "mine/test" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(90 + number))
    project.edit(lambda config: config.update(dataset="mine", experiments=EXPERIMENTS))
    project.edit(lambda config: config["recipe"].update(epochs=1))
    return project


def trainings(project: Project, *arguments: str) -> set[str]:
    """The runs that a plan trains, as `flip 0` or `flip 0 -fold1`."""
    plan = project.plan("--config", "dataset=mine", *arguments)
    return {job.removeprefix("train ") for job in plan if job.startswith("train ")}


def runs(project: Project) -> dict[str, dict[str, Path]]:
    """The folders of runs by experiment and by their own name."""
    root = project.folder / "results/comparison/mine/tiny/runs"
    return {one.name: {run.name: run for run in one.iterdir()} for one in root.iterdir()}


def test_every_photo_is_judged_once_and_adding_trains_what_is_new(study: Project) -> None:
    assert study.configs == (TINY,)
    assert trainings(study, FOLDS) == {f"{name} 0 -fold{k}" for name in ("flip", "none") for k in (1, 2)}
    study.run("--config", "dataset=mine", FOLDS)
    table = rows(study.folder / "results/summary.csv")
    assert [(row["judged_on"], row["photos"], row["seeds"]) for row in table] == [("test", "2", "1")] * 2
    before = runs(study)
    assert set(before["flip"]) == {"seed0-fold1", "seed0-fold2"}
    judged = [row["file"] for run in before["flip"].values() for row in rows(run / "predictions.csv")]
    assert sorted(judged) == [f"train/{name}/{k}.jpg" for name in ("rose", "tulip") for k in range(4)]
    # A seed more: its folds alone. Without folds: a holdout, with the folds' runs as they were.
    more = trainings(study, FOLDS, "seeds=[0, 1]")
    assert more == {f"{name} 1 -fold{k}" for name in ("flip", "none") for k in (1, 2)}
    assert trainings(study) == {"flip 0", "none 0"}
    assert study.plan("--config", "dataset=mine", FOLDS) == set()


def test_the_test_set_is_predicted_whole(study: Project) -> None:
    study.run("results/predictions/all.csv", "--config", "dataset=mine", "photos=test")
    found = [row["file"] for row in rows(study.folder / "results/predictions/all.csv")]
    assert found == ["test/rose/x.jpg", "test/tulip/y.jpg", "test/z.jpg"]
    summary = rows(study.folder / "results/comparison/mine/tiny/summary.csv")
    assert [(row["judged_on"], row["photos"]) for row in summary] == [("test", "2")] * 2
