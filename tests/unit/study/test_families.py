"""Which experiments differ in one thing alone, and what each is compared with."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml
from runs import SPEC

from ablation.networks.edits import EDITS
from ablation.results.figures.study import applicable
from ablation.study import families, study
from ablation.study.experiments import Experiment
from ablation.study.families import Family
from places import ROOT

LADDER = ["none", "flip", "rotate", "jitter", "gray", "normalize"]
OTHERS = ["resnet34", "resnet50", "resnet101", "resnext50_32x4d", "vgg11", "googlenet"]
STEPS = {"none": 0, "flip": 1, "rotate": 2, "gray": 3}


def experiment(text: str, **changes: object) -> Experiment:
    """An experiment given as backbone/architecture/augmentation, which is its name too."""
    backbone, architecture, augmentation = text.split("/")
    # Each holds those before it.
    steps = tuple((f"step{number}", {}) for number in range(STEPS[augmentation]))
    spec = replace(SPEC, backbone=backbone, architecture=architecture, augmentation=steps, **changes)
    name = "-".join([text, *map(str, changes.values())])
    return Experiment(name, name, augmentation, "sgd", (0,), spec, name)


def found(*texts: str) -> list[Family]:
    return families.of([experiment(text) for text in texts])


def default(**changes: object) -> study.Study:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    return study.load(config | changes, ROOT / "workflow/schemas/config.schema.yaml")


def test_the_default_study() -> None:
    every = default().experiments
    ladder, edits, backbones, other = families.of(every.values())
    rungs = [f"alexnet-{rung}" for rung in LADDER]
    assert ladder == Family("augmentation", rungs, dict(zip(rungs[1:], rungs, strict=False)))
    edited = [f"alexnet-{edit}" for edit in EDITS]
    assert edits == Family(
        "architecture", ["alexnet-normalize", *edited], dict.fromkeys(edited, "alexnet-normalize")
    )
    # AlexNet is trained on larger photos.
    assert backbones == Family("backbone", OTHERS, None)
    # The probe is like none of them.
    assert other == Family("experiment", list(every), None)


def test_a_named_reference_is_that_of_all() -> None:
    *alike, named = families.of(default(reference="resnet50").experiments.values(), "resnet50")
    assert [(one.varies, one.references) for one in alike] == [
        (varies, {}) for varies in ("augmentation", "architecture", "backbone")
    ]
    assert set(named.references or {}) == set(named.experiments) - {"resnet50"}
    assert set((named.references or {}).values()) == {"resnet50"}


def test_a_grid_has_each_of_its_rows_and_columns() -> None:
    backbones, rungs = ("vgg11", "alexnet"), ("none", "flip", "gray")
    grid = [f"{backbone}/original/{rung}" for backbone in backbones for rung in rungs]
    assert [(one.varies, one.experiments) for one in found(*grid)] == [
        ("augmentation", grid[:3]),
        ("augmentation", grid[3:]),
        *(("backbone", [grid[column], grid[column + 3]]) for column in range(3)),
    ]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["alexnet/original/none"], []),
        (["alexnet/original/none", "vgg11/original/flip"], []),
        (["alexnet/original/none", "alexnet/original/flip"], ["augmentation"]),
        (["alexnet/original/none", "vgg11/original/none"], ["backbone"]),
        (["alexnet/original/none", "alexnet/fewer_layers/none"], ["architecture"]),
        (["alexnet/softmax_output/none", "alexnet/fewer_layers/none"], ["architecture"]),
        (["alexnet/softmax_output/none", "alexnet/softmax_output/flip"], ["augmentation"]),
    ],
)
def test_what_differs_alone(texts: list[str], expected: list[str]) -> None:
    assert families.varied(map(experiment, texts)) == expected
    left = [] if expected else ["experiment"]
    assert [one.varies for one in found(*texts)] == expected + left


@pytest.mark.parametrize(
    "changes",
    [{"image_size": 999}, {"weights": "other"}, {"epochs": 7}, {"mixup": 0.5}, {"trains": "head"}],
)
def test_what_differs_in_more_is_not_alike(changes: dict[str, object]) -> None:
    one, other = experiment("alexnet/original/none"), experiment("alexnet/original/flip", **changes)
    assert families.varied([one, other]) == []


@pytest.mark.parametrize("changes", [{"threads": 4}, {"gpus": 2}])
def test_how_sums_are_rounded_does_not_count(changes: dict[str, object]) -> None:
    one, other = experiment("alexnet/original/none"), experiment("alexnet/original/flip", **changes)
    assert families.varied([one, other]) == ["augmentation"]


def test_a_missing_rung_is_left_out_of_the_ladder() -> None:
    (family,) = found("alexnet/original/none", "alexnet/original/gray", "alexnet/original/flip")
    assert family.references == {
        "alexnet/original/gray": "alexnet/original/flip",
        "alexnet/original/flip": "alexnet/original/none",
    }


def test_edits_without_the_network_are_compared_with_their_best() -> None:
    (family,) = found("alexnet/softmax_output/none", "alexnet/fewer_layers/none")
    assert family.references is None


def test_the_figures_of_a_study() -> None:
    every = default().varied()
    assert applicable(every, 18) == [
        *("augmentations", "architectures", "backbones", "experiments"),
        *("ladder", "costs", "comparisons", "suspects", "rungs"),
    ]
    assert applicable(["augmentation"], 2) == [
        *("augmentations", "experiments", "ladder", "costs", "comparisons", "suspects", "rungs")
    ]
    assert applicable(["grid"], 4) == ["experiments", "costs", "grid", "comparisons", "suspects"]
    assert applicable([], 2) == ["experiments", "costs", "comparisons", "suspects"]
    assert applicable([], 1) == ["suspects"]


def test_no_brace_that_snakemake_would_fill() -> None:
    text = families.to_json([Family("augmentation", ["{a}", "b"], {"b": "{a}"})])
    assert "{" not in text
    assert json.loads(text) == [["augmentation", ["{a}", "b"], [["b", "{a}"]]]]
