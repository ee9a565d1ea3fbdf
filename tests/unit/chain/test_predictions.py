"""What the rules that use networks are told."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chained import Job, Workflow, wildcards
from configs import load, small

from ablation.chain import predictions
from ablation.chain.contents import stamp
from ablation.chain.predictions import Predictions, check
from ablation.running.errors import UserError

NONE = wildcards()


def of(winner: Path | None = None, **sections: Any) -> Predictions:
    """`winner` is the file that names the best; without it nobody may ask."""

    def asked() -> str:
        assert winner is not None, "a named network does not wait for the study"
        return str(winner)

    return Predictions(load(small(seeds=[0, 7], **sections)), asked)


def folder(ours: Predictions, experiment: str, seed: int) -> str:
    return f"results/runs/drawn/{ours.study.experiments[experiment].folder}/seed{seed}"


def test_the_winners_seeds_predict_together_and_its_first_is_exported(tmp_path: Path) -> None:
    (tmp_path / "winner.txt").write_text("googlenet\n", encoding="utf-8")
    ours = of(tmp_path / "winner.txt")
    assert ours.folders(NONE) == [folder(ours, "googlenet", seed) for seed in (0, 7)]
    assert ours.exported(wildcards(model="winner")) == folder(ours, "googlenet", 0)
    assert ours.pack(wildcards(model="winner")) == "resources/packs/drawn/64px/photos.npy"


def test_any_experiment_may_win() -> None:
    """Of each the first run, and nobody asks which has won: the script reads it in the summary."""
    ours = of()
    found = json.loads(ours.first_runs(NONE))
    assert found == {name: folder(ours, name, 0) for name in ours.study.experiments}
    assert ours.own_photos(NONE) == "resources/datasets/drawn/photos"
    inside = Predictions(ours.study, ours.winner, "inner/")
    assert json.loads(inside.first_runs(NONE)) == {name: f"inner/{path}" for name, path in found.items()}
    assert inside.own_photos(NONE) == "inner/resources/datasets/drawn/photos"


def test_a_named_experiment_and_a_named_run() -> None:
    ours = of(model="one")
    assert ours.folders(NONE) == [folder(ours, "one", seed) for seed in (0, 7)]
    ours = of(model="one/seed7")
    assert ours.folders(NONE) == [folder(ours, "one", 7)]
    assert ours.exported(wildcards(model="resnet34/seed7")) == folder(ours, "resnet34", 7)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("onne", "config: model is 'onne', no known experiment of this study; did you mean 'one'?"),
        ("one/seed1", "config: model is 'one/seed1', but one has no such run; it has seed0, seed7"),
        ("one/seed", "no known experiment"),
        ("/seed0", "no known experiment"),
        ("", "no known experiment"),
        ("a\nb", "no known experiment"),
    ],
)
def test_a_model_that_there_is_not(model: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        check(of(model=model).study)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_photos_of_a_path(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new/1.jpg").write_bytes(b"x")
    ours = of(photos=str(tmp_path / "new"))
    check(ours.study)
    assert ours.photos(NONE) == str(tmp_path / "new")
    before = ours.stamp(NONE)
    assert (ours.reading(NONE), ours.made(NONE)) == ([], [])
    (tmp_path / "new/1.jpg").write_bytes(b"y")
    stamp.cache_clear()
    assert ours.stamp(NONE) != before


def test_the_data_sets_own_photos_that_wait(tmp_path: Path) -> None:
    ours = of(photos="test")
    check(ours.study)
    assert ours.photos(NONE) == "resources/datasets/drawn/photos"
    assert ours.made(NONE) == ["resources/datasets/drawn/photos"]
    assert ours.reading(NONE) == ["resources/datasets/drawn/reading.json"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/1.jpg").write_bytes(b"x")
    mine = {"source": "local", "path": str(tmp_path / "mine")}
    ours = of(photos="test", dataset="mine", datasets={**small()["datasets"], "mine": mine})
    assert ours.photos(NONE) == str(tmp_path / "mine")
    assert ours.made(NONE) == []
    assert ours.stamp(NONE) == stamp(tmp_path / "mine")


def test_what_is_missing_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no photos are named .* write --config photos=PATH"):
        of().photos(NONE)
    for key in ("photos", "template"):
        with pytest.raises(UserError, match=f"config: {key} is .*gone.*, but there is no such file"):
            check(of(**{key: str(tmp_path / "gone")}).study)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("results/predictions/new.csv", "config: no photos are named"),
        ("results/submissions/new.csv", "config: no photos are named"),
        ("results/export/onne/seed0/", "config: the target's run is 'onne', no known experiment"),
        ("results/explained/onne/seed0", "config: the target's run is 'onne', no known experiment"),
        ("results/export/one/seed3", "config: the target's run is 'one/seed3', but one has no such run"),
    ],
)
def test_a_target_that_nothing_makes(target: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        check(of().study, ["all", target])
    assert str(caught.value).startswith(said)
    check(of().study, ["results/export/winner/", "results/export/one/seed7/"])


def test_arguments() -> None:
    assert of().accuracy() == ""
    assert of(wanted_accuracy=0.9).accuracy() == "--accuracy 0.9"
    assert of().template() == []
    assert of(template="-names.csv").template() == ["--template", str(Path.cwd() / "-names.csv")]
    job = SimpleNamespace(runs=["r/seed0/a", "r/seed0/b", "r/seed1/a"], reading=["reading.json"])
    assert predictions.run_words(NONE, job) == ["--run=r/seed0", "--run=r/seed1"]
    assert predictions.reading_words(NONE, job) == ["--reading=reading.json"]


def test_what_the_steps_said_is_said_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "choose").write_text("one is best\n", encoding="utf-8")
    (tmp_path / "predict").write_text("2 photos\x1b[1m cannot be read\n", encoding="utf-8")
    choose = Job("choose", log=[str(tmp_path / "choose")])
    predict = Job("predict", log=[str(tmp_path / "predict")], output=["results/predictions/new.csv"])
    workflow = Workflow([choose, predict])
    workflow.dag.finished_jobs = [predict, Job("train"), choose]
    workflow.dag.targetjobs = {predict}
    assert predictions.uses_only(workflow)
    predictions.tell(workflow)
    assert capsys.readouterr().out.splitlines() == [
        "one is best",
        "2 photos\\x1b[1m cannot be read",
        "Done: results/predictions/new.csv",
    ]
    workflow.dag.targetjobs = {Job("summarize")}
    assert not predictions.uses_only(workflow)
    predictions.tell(workflow)
    assert capsys.readouterr().out == ""
