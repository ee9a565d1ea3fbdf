"""What the rules of runs are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from chained import wildcards
from configs import DEFAULT, load, small

from ablation.chain.runs import TRAINED, Runs
from ablation.running.errors import UserError
from ablation.spec import Spec
from ablation.study import identity

FIGURES = ("curves", "samples")


def runs(gpus: int = 0, **sections: Any) -> Runs:
    return Runs(load(small(**sections)), gpus=gpus)


def of(ours: Runs, experiment: str, seed: str = "0") -> Any:
    return wildcards(run=ours.study.experiments[experiment].folder, seed=seed, fold="")


def experiments(**fields: Any) -> list[dict[str, Any]]:
    plain = {"name": "one", "backbone": "alexnet", "augmentation": "flipped", "optimizer": "sgd"}
    return [plain, {**plain, "name": "two", **fields}]


def test_the_spec_has_the_runs_seed() -> None:
    ours = runs()
    assert Spec.from_json(ours.spec(of(ours, "one", "7"))).seed == 7
    assert ours.spec(of(ours, "one", "7")) != ours.spec(of(ours, "one", "8"))


def test_the_spec_has_the_runs_fold() -> None:
    ours = runs()
    of_fold = wildcards(run=ours.study.experiments["one"].folder, seed="0", fold="-fold2")
    assert Spec.from_json(ours.spec(of_fold)).fold == 2


def of_each(ours: Runs, field: str) -> list[Any]:
    """What the two experiments get: one value, or what a function says."""
    value = getattr(ours, field)
    return [value(of(ours, name)) if callable(value) else value for name in ("one", "two")]


@pytest.mark.parametrize("name", ["pack", "weights", "gpus", "threads", "priority"])
def test_what_all_runs_have_alike_is_a_value(name: str) -> None:
    assert not callable(getattr(runs(experiments=experiments(epochs=9)), name))
    many = {"image_size": 96, "weights": "net", "gpus": 2, "architecture": "fewer_layers"}
    assert callable(getattr(runs(gpus=1, experiments=experiments(**many)), name))


def test_photos() -> None:
    small_ones = "resources/packs/drawn/64px/photos.npy"
    assert of_each(runs(), "pack") == [small_ones] * 2
    large = runs(experiments=experiments(image_size=96))
    assert of_each(large, "pack") == [small_ones, "resources/packs/drawn/96px/photos.npy"]


def test_starting_weights() -> None:
    assert of_each(runs(), "weights") == [[], []]
    values = identity.digest("IMAGENET1K_V1")
    net = f"resources/weights/net/alexnet-{values}.safetensors"
    assert of_each(runs(experiments=experiments(weights="net")), "weights") == [[], net]
    assert of_each(runs(experiments=experiments(), weights="net"), "weights") == [net, net]


def test_gpus_and_threads_are_of_each_process() -> None:
    ours = runs(gpus=1, experiments=experiments(gpus=3, threads=2))
    assert of_each(ours, "gpus") == [1, 3]
    assert of_each(ours, "threads") == [1, 6]
    assert of_each(runs(experiments=experiments(gpus=3)), "gpus") == [0, 0]


def test_the_largest_network_comes_first() -> None:
    first, second = of_each(runs(experiments=experiments(architecture="fewer_layers")), "priority")
    assert first > second > 0


def test_more_is_asked_for_when_it_is_tried_again() -> None:
    ours = runs()
    assert ours.memory(of(ours, "one"), 3) == 2 * ours.memory(of(ours, "one"), 1)
    assert ours.minutes(of(ours, "one"), 3) == 3 * ours.minutes(of(ours, "one"), 1)
    assert runs(gpus=1).memory(of(ours, "one"), 1) > ours.memory(of(ours, "one"), 1)


def test_the_code_is_of_all_that_the_spec_names() -> None:
    ours = runs(experiments=experiments(architecture="softmax_output", augmentation="plain"))
    assert [name for name, _ in ours.code(of(ours, "one"))] == [
        "ablation/networks/backbones.py[alexnet]",
        "ablation/training/transforms[horizontal_flip]",
        "ablation/training/transforms[rotation]",
        "ablation/networks/heads.py[replace_last_layer]",
    ]
    assert [name for name, _ in ours.code(of(ours, "two"))] == [
        "ablation/networks/backbones.py[alexnet]",
        "ablation/networks/heads.py[replace_last_layer]",
        "ablation/networks/edits.py[softmax_output]",
    ]


def test_an_unknown_experiment_is_refused() -> None:
    ours = runs()
    folder = ours.study.experiments["one"].folder
    with pytest.raises(UserError, match=f"did you mean {folder!r}"):
        ours.spec(wildcards(run=f"{folder[:-1]}x", seed="0", fold=""))


ONE, TWO = (one.folder for one in load(small(experiments=experiments(epochs=9))).experiments.values())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "results/runs/drawn" / ONE / "seed0"
    run.mkdir(parents=True)
    for name in (*TRAINED, "predictions.csv", "curves.png", "samples.png"):
        (run / name).touch()
    return run


def targets() -> list[str]:
    found = runs(experiments=experiments(epochs=9)).targets(FIGURES)
    names = {ONE: "one", TWO: "two"}
    parts = [name.removeprefix("results/runs/drawn/").partition("/") for name in found]
    return [f"{names[run]}/{rest}" for run, _, rest in parts]


def test_targets_are_the_predictions_of_every_run(folder: Path) -> None:
    assert folder.exists()
    assert targets() == ["one/seed0/predictions.csv", "two/seed0/predictions.csv"]


@pytest.mark.parametrize("name", [*TRAINED, "curves.png", "samples.png"])
def test_what_was_deleted_of_a_finished_run_is_one_too(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert targets() == ["one/seed0/predictions.csv", f"one/seed0/{name}", "two/seed0/predictions.csv"]


def test_pictures_are_none_before_a_run_is_evaluated(folder: Path) -> None:
    for name in ("predictions.csv", "curves.png", "samples.png", "record.json"):
        (folder / name).unlink()
    assert targets() == ["one/seed0/predictions.csv", "one/seed0/record.json", "two/seed0/predictions.csv"]


@pytest.mark.parametrize("name", ["weights.safetensors", "spec.json", "model.txt"])
def test_what_nobody_wants_again_is_none(folder: Path, name: str) -> None:
    assert not (folder / name).exists()
    assert f"one/seed0/{name}" not in targets()


def test_ways_to_make_photos_square_are_listed_by_how_many_experiments_have_them() -> None:
    assert Runs(load(DEFAULT), gpus=0).ways() == ["192-squash-bilinear", "64-squash-bilinear"]
    pads = {"name": "pads", "backbone": "alexnet", "augmentation": "plain", "optimizer": "sgd"}
    pads |= {"resize": "pad", "image_size": 96, "seeds": [0, 1, 2]}
    experiments = [pads, *small()["experiments"]]
    assert Runs(load(small(experiments=experiments)), gpus=0).ways() == [
        "64-squash-bilinear",
        "96-pad-bilinear",
    ]


def test_experiments_that_are_the_same_share_their_runs() -> None:
    ours = runs(experiments=experiments())
    assert [name for name in ours.targets(FIGURES) if "predictions" in name] == [
        f"results/runs/drawn/{ONE}/seed0/predictions.csv"
    ]
    assert ours.experiment(of(ours, "two")).spec == ours.experiment(of(ours, "one")).spec
