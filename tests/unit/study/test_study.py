"""The default study, and what a study says of its runs and files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from configs import DEFAULT, load, one, refusal, small

from ablation.networks.edits import EDITS, ORIGINAL
from ablation.results.figures.study import applicable
from places import ROOT

LADDER = ["none", "flip", "rotate", "jitter", "gray", "normalize"]
OTHERS = ["resnet34", "resnet50", "resnet101", "resnext50_32x4d", "vgg11", "googlenet"]


def test_the_default_study_has_the_17_experiments_and_a_probe() -> None:
    experiments = load(DEFAULT).experiments
    assert list(experiments) == [f"alexnet-{rung}" for rung in LADDER] + [
        f"alexnet-{edit}" for edit in EDITS
    ] + [*OTHERS, "probe"]
    assert list(EDITS) == [
        *("fewer_layers", "more_layers_wide", "more_layers_narrow", "softmax_output", "softmax_classes")
    ]
    assert len(experiments) == 17 + 1
    assert (experiments["probe"].spec.weights, experiments["probe"].spec.trains) == ("lite", "head")
    for rung in LADDER:
        found = experiments[f"alexnet-{rung}"]
        assert (found.spec.backbone, found.spec.architecture) == ("alexnet", ORIGINAL)
        assert (found.augmentation, found.optimizer) == (rung, "sgd")
    for edit in EDITS:
        found = experiments[f"alexnet-{edit}"]
        assert (found.spec.backbone, found.spec.architecture) == ("alexnet", edit)
        assert (found.augmentation, found.optimizer) == ("normalize", "sgd")
    for backbone in OTHERS:
        found = experiments[backbone]
        assert (found.spec.backbone, found.spec.architecture) == (backbone, ORIGINAL)
        assert (found.augmentation, found.optimizer) == ("normalize", "adamw")


def test_every_published_experiment_is_in_the_default_study() -> None:
    with (ROOT / "studies/orchids.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    experiments = load(DEFAULT).experiments
    assert {row["experiment"] for row in rows} == set(experiments) - {"alexnet-softmax_classes", "probe"}
    for row in rows:
        found = experiments[row["experiment"]]
        assert found.spec.backbone == row["backbone"]
        assert found.spec.architecture == row["architecture"]
        assert (found.augmentation, found.optimizer) == (row["augmentation"], row["optimizer"])


def test_the_default_ladder_adds_one_transform_a_rung() -> None:
    experiments = load(DEFAULT).experiments
    names = [[name for name, _ in experiments[f"alexnet-{rung}"].spec.augmentation] for rung in LADDER]
    assert names[-1] == ["horizontal_flip", "rotation", "color_jitter", "grayscale", "normalize"]
    assert names == [names[-1][:count] for count in range(6)]


def test_the_default_study_compares_in_all_ways() -> None:
    found = load(DEFAULT)
    assert applicable(found.varied(), len(found.experiments)) == [
        *("augmentations", "architectures", "backbones", "experiments"),
        *("ladder", "costs", "comparisons", "suspects", "rungs"),
    ]
    assert len(found.runs()) == sum(len(each.seeds) for each in found.experiments.values())
    assert len(set(found.runs())) == len(found.runs())


def test_loading_leaves_the_configuration_as_it_was() -> None:
    config = small()
    load(config)
    assert config == small()


def test_seeds_are_runs_of_one_experiment() -> None:
    found = load(
        small(
            seeds=[4, 7], experiments=[*one()["experiments"], {**one(name="b", seeds=[1])["experiments"][0]}]
        )
    )
    folder = found.experiments["one"].folder
    # Of b as well: it is the same but for its name.
    assert found.runs() == [f"{folder}/seed4", f"{folder}/seed7", f"{folder}/seed1"]
    rows = [json.loads(line) for line in found.table().splitlines()]
    assert [(row["experiment"], row["seed"]) for row in rows] == [("one", 4), ("one", 7), ("b", 1)]
    assert rows[0]["reason"] is None
    four, seven = found.experiments["one"].runs()
    assert (four.seed, seven.seed) == (4, 7)
    assert four.to_json() != seven.to_json()


def test_the_table_holds_no_wildcards() -> None:
    """Snakemake would replace {x} in a param, also inside a text."""
    found = load(one(label="{x} and {y}"))
    assert "{x" not in found.table()
    assert json.loads(found.table())["label"] == "{x} and {y}"


@pytest.mark.parametrize("file", ["a/{dataset}.jpg", "{x}/<v2>.jpg"])
def test_photos_may_have_names_that_mean_something_to_snakemake(tmp_path: Path, file: str) -> None:
    for name in (file, "b/1.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert load(small(dataset=str(tmp_path))).dataset.folder == tmp_path


def test_the_photos_that_trainings_and_their_pretrainings_read(tmp_path: Path) -> None:
    garden = {"source": "local", "path": str(tmp_path)}
    config = small(datasets={**small()["datasets"], "other": garden})
    assert [one.name for one in load(config).sources()] == ["drawn"]
    assert [one.name for one in load({**config, "weights": "learned"}).sources()] == ["drawn", "other"]
    garden["path"] = str(tmp_path / "gone")
    load(config)
    assert "datasets.other.path" in refusal({**config, "weights": "learned"})
