"""What the rules of trackers are told."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from chained import wildcards
from configs import load, small

from ablation.chain import trackers
from ablation.chain.trackers import Trackers
from ablation.running.errors import UserError
from ablation.spec import Spec
from places import ROOT

EVENTS = "results/tensorboard/drawn/default"
STORE = "results/mlflow/drawn/default/mlflow.db"
NAMES = ("one", "resnet34", "googlenet")


def of(*names: str, prefix: str = "", **sections: Any) -> Trackers:
    return Trackers(load(small(trackers=list(names), **sections)), prefix)


def test_they_are_off_unless_named() -> None:
    assert load(small()).config["trackers"] == []
    assert of().targets() == []


def test_each_has_its_files() -> None:
    files = [f"{EVENTS}/{name}/seed0/events.out.tfevents.run" for name in NAMES]
    assert of("tensorboard").targets() == files
    assert of("mlflow").targets() == [STORE]
    assert of("mlflow", "tensorboard").targets() == [STORE, *files]


def test_each_seed_and_fold_is_a_run() -> None:
    ours = of("tensorboard", seeds=[0, 7], split={"folds": 2}, only=["one"])
    assert [Path(file).parent.as_posix() for file in ours.targets()] == [
        f"results/tensorboard/drawn/default-part-one/one/seed{seed}-fold{fold}"
        for seed in (0, 7)
        for fold in (1, 2)
    ]


def test_a_run_is_read_where_it_lies() -> None:
    ours = of("tensorboard", seeds=[0, 7], prefix="there/")
    folder = ours.study.experiments["one"].folder
    its = wildcards(experiment="one", seed="7", fold="")
    # Snakemake puts the prefix before what is an input, and not before a parameter.
    assert ours.files(its) == [f"results/runs/drawn/{folder}/seed7/{name}" for name in trackers.READ]
    assert set(ours.files(its)) < set(ours.all_files(None))
    assert len(ours.all_files(None)) == 2 * len(ours.study.runs())
    assert ours.folder(None) == "there/results/runs/drawn"


def test_runs_that_experiments_share_are_shown_with_each() -> None:
    plain = {"backbone": "alexnet", "augmentation": "flipped", "optimizer": "sgd"}
    ours = of("mlflow", experiments=[{**plain, "name": "one"}, {**plain, "name": "two"}])
    lines = [json.loads(line) for line in ours.lines(None).split("\n")]
    assert [line["experiment"] for line in lines] == ["one", "two"]
    assert lines[0]["spec"] == lines[1]["spec"]
    assert len(ours.all_files(None)) == 2


def test_a_line_has_the_runs_spec_and_what_the_table_has() -> None:
    label = 'l\'{x}\u2019s "\u7167" $HOME `x` END'
    one = {
        "name": "one",
        "backbone": "alexnet",
        "augmentation": "flipped",
        "optimizer": "sgd",
        "label": label,
    }
    ours = of("mlflow", experiments=[one], seeds=[0, 7], split={"folds": 2})
    lines = [json.loads(line) for line in ours.lines(None).split("\n")]
    table = [json.loads(line) for line in ours.study.table().split("\n")]
    for line, row, spec in zip(lines, table, ours.study.experiments["one"].runs(), strict=True):
        assert {**line, "reason": None} == {**row, "spec": line["spec"]}
        assert Spec.from_json(json.dumps(line["spec"])) == spec
        its = wildcards(experiment="one", seed=str(spec.seed), fold=f"-fold{spec.fold}")
        assert json.loads(ours.line(its)) == line
    assert lines[0]["label"] == label


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (
            {"experiment": "on"},
            "the target's experiment is 'on', no known experiment of this study; did you mean",
        ),
        ({"seed": "3"}, "the target's run is 'seed3', no known run of one; did you mean 'seed0'?"),
        ({"fold": "-fold1"}, "the target's run is 'seed0-fold1', no known run of one"),
    ],
)
def test_what_the_study_has_not_is_told(run: dict[str, str], told: str) -> None:
    with pytest.raises(UserError, match=told.replace("?", r"\?")):
        of("tensorboard").files(wildcards(**({"experiment": "one", "seed": "0", "fold": ""} | run)))


def test_files_of_other_runs_are_removed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "events.out.tfevents.run"
    gone = [f"{EVENTS}/one/seed1/{name}", f"{EVENTS}/renamed/seed0/{name}"]
    others = [
        f"{EVENTS}/one/seed0/{name}",
        f"{EVENTS}/one/notes.txt",
        f"{EVENTS}/mine/run/{name}",
        f"results/tensorboard/drawn/other/renamed/seed0/{name}",
    ]
    for file in (*gone, *others):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    of("mlflow").remove_others()
    assert capsys.readouterr().out == ""
    of("tensorboard").remove_others()
    assert {path.as_posix() for path in Path("results").rglob("*") if path.is_file()} == set(others)
    assert not Path(EVENTS, "renamed").exists()
    assert not Path(EVENTS, "one/seed1").exists()
    told = "".join(f"Removed {file}: the study no longer has that run\n" for file in gone)
    assert capsys.readouterr().out == told


@pytest.mark.parametrize("tracker", [trackers.TENSORBOARD, trackers.MLFLOW])
def test_a_missing_package_is_told_with_the_command_for_it(
    tracker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trackers.require_packages(of(tracker).study, str(ROOT))
    gone = trackers.PACKAGES[tracker][0]
    monkeypatch.setattr(trackers, "installed", lambda name: name != gone)
    with pytest.raises(UserError) as refused:
        trackers.require_packages(of(tracker).study, str(ROOT))
    told = str(refused.value)
    assert told.startswith(
        f"config: trackers has {tracker}, whose packages are not all installed ({gone}): run "
    )
    assert told.endswith(f", or take {tracker} out of trackers")
    assert "\n" not in told
    command = shlex.split(told.partition(": run ")[2].partition(", or take")[0])
    assert command[:5] == [sys.executable, "-m", "pip", "install", "-r"]
    assert f"{gone}==" in Path(command[5]).read_text(encoding="utf-8")
    # Of what is not asked for nothing is needed.
    trackers.require_packages(of().study, str(ROOT))


def test_a_package_is_installed_or_not() -> None:
    assert trackers.installed("tensorboard")
    assert not trackers.installed("a-package-that-nobody-has")
