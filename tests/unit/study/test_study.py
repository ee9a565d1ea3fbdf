"""From a configuration to specs: the default study, expansion, refusals in one line."""

from __future__ import annotations

import copy
import csv
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ablation.networks.backbones import BACKBONES, EDITS, ORIGINAL
from ablation.results import figures
from ablation.running.errors import UserError
from ablation.spec import Spec
from ablation.study import study
from places import ROOT, SCHEMA

DEFAULT: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
LADDER = ["none", "flip", "rotate", "jitter", "gray", "normalize"]
OTHERS = ["resnet34", "resnet50", "resnet101", "resnext50_32x4d", "vgg11", "googlenet"]
SMALL = """
dataset: drawn
weights: start
split: {train_fraction: 0.5, seed: 3}
datasets:
  drawn: {source: drawn, species: 3, photos: 4, seed: 1}
  other: {source: drive, id: abc, train_fraction: 0.9}
weight_sources:
  start: {source: none}
  net: {source: torchvision, version: IMAGENET1K_V1}
  own: {source: file, path: "~/{backbone}.pth"}
  learned:
    source: pretraining
    dataset: other
    augmentation: plain
    optimizer: adamw
    image_size: 48
    batch_size: 8
    epochs: 2
    overrides: {alexnet: {image_size: 64, optimizer: sgd}}
recipe: {image_size: 64, batch_size: 4, epochs: 5, patience: 2}
optimizers:
  sgd: {algorithm: sgd, learning_rate: 0.01, momentum: 0.9}
  adamw: {algorithm: adamw, learning_rate: 0.001}
augmentations:
  plain: []
  flipped: [horizontal_flip, rotation: {degrees: 30}]
experiments:
  - {name: one, backbone: alexnet, augmentation: plain, optimizer: sgd}
  - {backbone: [resnet34, googlenet], augmentation: flipped, optimizer: adamw}
"""
# A path in the configuration: keys and positions.
Where = tuple[str | int, ...]
DELETE = object()


def small(**sections: Any) -> dict[str, Any]:
    """A small valid configuration, with sections replaced."""
    return {**yaml.safe_load(SMALL), **sections}


def one(**fields: Any) -> dict[str, Any]:
    """The small configuration with a single experiment entry."""
    entry = {"name": "one", "backbone": "alexnet", "augmentation": "plain", "optimizer": "sgd", **fields}
    return small(experiments=[{key: value for key, value in entry.items() if value is not DELETE}])


def change(config: dict[str, Any], where: Where, value: Any) -> dict[str, Any]:
    """A copy with the value at a path set or deleted."""
    config = copy.deepcopy(config)
    target: Any = config
    for step in where[:-1]:
        target = target[step]
    if value is DELETE:
        del target[where[-1]]
    else:
        target[where[-1]] = value
    return config


def load(config: dict[str, Any]) -> study.Study:
    return study.load(config, SCHEMA)


def specs(config: dict[str, Any]) -> dict[str, str]:
    return {name: found.spec.to_json() for name, found in load(config).experiments.items()}


def refusal(config: Any) -> str:
    """The message with which a configuration is refused: one line."""
    with pytest.raises(UserError) as caught:
        load(config)
    message = str(caught.value)
    assert message.startswith("config: ")
    assert len(message.splitlines()) == 1
    return message


# --- the default study -----------------------------------------------------------------------------


def test_the_default_study_has_the_17_experiments() -> None:
    experiments = load(DEFAULT).experiments
    assert list(experiments) == [f"alexnet-{rung}" for rung in LADDER] + [
        f"alexnet-{edit}" for edit in EDITS
    ] + list(OTHERS)
    assert list(EDITS) == [
        *("fewer_layers", "more_layers_wide", "more_layers_narrow", "softmax_output", "softmax_classes")
    ]
    assert len(experiments) == 17
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
    assert {row["experiment"] for row in rows} == set(experiments) - {"alexnet-softmax_classes"}
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


def test_the_default_study_compares_all_three_ways() -> None:
    found = load(DEFAULT)
    assert figures.applicable(found.compared()) == ["augmentations", "architectures", "backbones"]
    assert len(found.runs()) == sum(len(each.seeds) for each in found.experiments.values())
    assert len(set(found.runs())) == len(found.runs())


def test_the_snakefile_does_not_pay_for_torch() -> None:
    code = (
        "import sys; from ablation import study, figures, environment; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'torchvision', 'matplotlib', 'pandas')))"
    )
    scripts = str(ROOT / "workflow/scripts")
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": scripts}, timeout=60)


# --- expansion -------------------------------------------------------------------------------------


def test_lists_expand_to_the_cross_product_in_the_fields_order() -> None:
    # The order of the keys in the file does not matter: the backbone comes first, then the others.
    entry = {
        "learning_rate": [0.1, 0.001],
        "augmentation": ["plain", "flipped"],
        "optimizer": "sgd",
        "backbone": ["resnet34", "alexnet"],
        "name": "x",
    }
    found = load(small(experiments=[entry])).experiments
    assert list(found) == [
        f"x-{backbone}-{augmentation}-{rate}"
        for backbone in ("resnet34", "alexnet")
        for augmentation in ("plain", "flipped")
        for rate in (0.1, 0.001)
    ]
    spec = found["x-alexnet-flipped-0.001"].spec
    assert (spec.backbone, spec.optimizer.learning_rate, len(spec.augmentation)) == ("alexnet", 0.001, 2)


def test_a_list_of_one_gives_its_value_as_the_name() -> None:
    assert list(load(one(name=DELETE, backbone=["vgg11"])).experiments) == ["vgg11"]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("architecture", [ORIGINAL, "softmax_output"]),
        ("weights", ["start", "net"]),
        ("optimizer", ["sgd", "adamw"]),
        ("momentum", [0.0, 0.5]),
        ("weight_decay", [0.0, 0.01]),
        ("image_size", [64, 96]),
        ("batch_size", [2, 3]),
        ("epochs", [1, 2]),
        ("patience", [1, 2]),
        ("precision", ["fp32", "bf16"]),
        ("gpus", [1, 2]),
    ],
)
def test_every_field_expands(field: str, values: list[Any]) -> None:
    found = specs(one(**{field: values}))
    assert list(found) == [f"one-{value}" for value in values]
    assert len(set(found.values())) == 2


@pytest.mark.parametrize("where", [("recipe",), ("experiments", 0)])
def test_a_softmax_over_the_batch_needs_one_process(where: Where) -> None:
    config = change(one(architecture="softmax_output"), (*where, "gpus"), 2)
    key = "experiments[0].gpus" if where[0] == "experiments" else "recipe.gpus"
    told = f"config: {key} is 2, but one takes a softmax over the whole batch"
    assert refusal(config).startswith(told)
    assert refusal(config).endswith("give experiments[0] gpus: 1")
    load(change(config, ("experiments", 0, "gpus"), 1))
    load(change(one(architecture="softmax_classes"), (*where, "gpus"), 2))


def test_seeds_are_runs_of_one_experiment() -> None:
    found = load(
        small(
            seeds=[4, 7], experiments=[*one()["experiments"], {**one(name="b", seeds=[1])["experiments"][0]}]
        )
    )
    assert found.runs() == ["one/seed4", "one/seed7", "b/seed1"]
    rows = [json.loads(line) for line in found.table().splitlines()]
    assert [(row["experiment"], row["seed"]) for row in rows] == [("one", 4), ("one", 7), ("b", 1)]
    assert rows[0]["reason"] is None
    run = found.experiments["one"].run_spec(7)
    assert run.seed == 7
    assert run.to_json() != found.experiments["one"].run_spec(4).to_json()


# --- specs -----------------------------------------------------------------------------------------


def test_two_loads_give_the_same_strings() -> None:
    assert specs(DEFAULT) == specs(copy.deepcopy(DEFAULT))


def test_loading_leaves_the_configuration_as_it_was() -> None:
    config = small()
    load(config)
    assert config == small()


def test_specs_survive_json() -> None:
    for config in (DEFAULT, small()):
        for found in load(config).experiments.values():
            text = found.spec.to_json()
            assert "\n" not in text
            back = Spec.from_json(text)
            assert back == found.spec
            assert back.to_json() == text


def test_what_a_run_is_called_is_not_in_its_spec() -> None:
    named = load(one(name="other", label="Another label")).experiments["other"]
    assert named.label == "Another label"
    assert named.spec.to_json() == specs(one())["one"]
    assert load(one()).experiments["one"].label == "one"


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("optimizers", "sgd", "learning_rate"), 0.02),
        (("optimizers", "sgd", "momentum"), 0.8),
        (("optimizers", "sgd", "weight_decay"), 0.1),
        (("optimizers", "sgd", "schedule"), "one_cycle"),
        (("optimizers", "sgd", "algorithm"), "adamw"),
        (("recipe", "image_size"), 65),
        (("recipe", "batch_size"), 5),
        (("recipe", "epochs"), 6),
        (("recipe", "patience"), 3),
        (("recipe", "precision"), "fp32"),
        (("recipe", "gpus"), 2),
        (("weights",), "net"),
        (("augmentations", "plain"), ["normalize"]),
        (("experiments", 0, "augmentation"), "flipped"),
        (("experiments", 0, "backbone"), "vgg11"),
        (("experiments", 0, "architecture"), "fewer_layers"),
        (("experiments", 0, "learning_rate"), 0.02),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else str(value),
)
def test_what_changes_a_result_changes_the_spec(where: Where, value: Any) -> None:
    assert specs(small())["one"] != specs(change(small(), where, value))["one"]


def test_swapping_two_values_changes_the_spec() -> None:
    recipe = {"image_size": 64, "batch_size": 4, "epochs": 5, "patience": 2}
    swapped = {**recipe, "epochs": 2, "patience": 5}
    assert specs(one(**recipe)) != specs(one(**swapped))
    steps = ["horizontal_flip", "rotation"]
    either, other = (small(augmentations={"plain": order, "flipped": []}) for order in (steps, steps[::-1]))
    assert specs(either)["one"] != specs(other)["one"]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("recipe", "precision"), "auto"),
        (("recipe", "gpus"), 1),
        (("optimizers", "sgd", "weight_decay"), 0.0),
        (("optimizers", "sgd", "weight_decay"), 0),
        (("optimizers", "sgd", "schedule"), "constant"),
        (("optimizers", "adamw", "momentum"), 0),
        (("seeds",), [0]),
        (("experiments", 0, "architecture"), ORIGINAL),
        (("experiments", 0, "weights"), "start"),
        (("experiments", 0, "epochs"), 5),
        (("experiments", 0, "momentum"), 0.9),
        (("augmentations", "flipped", 0), {"horizontal_flip": {"probability": 0.5}}),
        (("augmentations", "flipped", 0), {"horizontal_flip": {}}),
        (("augmentations", "flipped", 1), {"rotation": {"degrees": 30.0}}),
    ],
)
def test_an_explicit_default_gives_the_same_spec(where: Where, value: Any) -> None:
    assert specs(change(small(), where, value)) == specs(small())


def test_defaults_are_filled_in() -> None:
    config = small()
    for key in ("weights", "split"):
        del config[key]
    config["weight_sources"]["none"] = {"source": "none"}
    found = load(config)
    assert found.experiments["one"].seeds == (0,)
    assert found.experiments["one"].spec.weights == "none"
    assert found.experiments["one"].spec.precision == "auto"
    assert (found.dataset.train_fraction, found.dataset.split_seed) == (0.7, 0)
    assert found.dataset.fields["size"] == [640, 480]
    assert found.experiments["resnet34"].spec.optimizer.schedule == "constant"


def test_a_source_of_weights_trains_each_backbone_by_its_own_recipe() -> None:
    found = load(small())
    dataset, spec = found.pretraining("learned", "alexnet")
    assert (dataset, spec.image_size, spec.optimizer.algorithm) == ("other", 64, "sgd")
    assert found.pretraining("learned", "alexnet")[1].gpus == 1
    _, spec = found.pretraining("learned", "googlenet")
    assert (spec.image_size, spec.optimizer.algorithm, spec.epochs, spec.weights) == (48, "adamw", 2, "none")
    assert found.weights_from("pretraining") == ["learned"]
    assert found.weights_from("torchvision") == ["net"]


# --- data sets -------------------------------------------------------------------------------------


def test_a_data_sets_own_fraction_goes_before_the_studys() -> None:
    found = load(small()).datasets
    assert found["drawn"].split_arguments() == "--train-fraction 0.5 --seed 3"
    assert found["other"].split_arguments() == "--train-fraction 0.9 --seed 3"


def test_a_value_with_a_dash_is_no_option() -> None:
    config = change(small(), ("datasets", "other", "id"), "-rf")
    assert load(config).datasets["other"].arguments() == "--id=-rf"


def test_how_much_an_archive_may_unpack_to(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"")
    assert load(small(dataset=str(tmp_path / "x.zip"))).dataset.unpacked_gb == 20
    for fields in ({"source": "drive", "id": "x"}, {"source": "local", "path": "x.zip"}):
        found = load(small(datasets={**small()["datasets"], "x": {**fields, "unpacked_gb": 0.5}}))
        assert found.datasets["x"].unpacked_gb == 0.5
        assert "unpacked" not in found.datasets["x"].arguments()
        for wrong in (0, -1, "1", float("inf")):
            config = small(datasets={**small()["datasets"], "x": {**fields, "unpacked_gb": wrong}})
            assert "datasets.x.unpacked_gb" in refusal(config)


def test_fields_become_arguments() -> None:
    found = load(small()).datasets
    assert found["drawn"].arguments() == "--photos 4 --seed 1 --size 640 480 --species 3"
    assert found["other"].arguments() == "--id abc"
    assert load(small()).datasets_from("drive") == ["other"]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("My Photos (2).zip", "my_photos_2"),
        ("leaves.tar.gz", "leaves"),
        ("a.b-c.TGZ.txz", "a_b_c_tgz"),
        ("folder/", "folder"),
        ("été 2024/", "t_2024"),
    ],
)
def test_a_data_set_by_its_path(tmp_path: Path, file: str, name: str) -> None:
    path = tmp_path / file
    if file.endswith("/"):
        path.mkdir()
    else:
        path.write_bytes(b"")
    found = load(small(dataset=str(path)))
    assert found.dataset.name == name
    assert found.dataset.path == path
    assert found.dataset.folder == (path if file.endswith("/") else None)
    assert found.dataset.arguments() == ""
    # A folder is used where it lies, an archive is unpacked.
    assert found.datasets_from("local") == ([] if file.endswith("/") else [name])


def test_a_configured_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "photos").mkdir()
    fields = {"source": "local", "path": "~/photos", "published": "x.csv"}
    found = load(small(dataset="mine", datasets={**small()["datasets"], "mine": fields}))
    assert found.dataset.folder == tmp_path / "photos"
    assert found.dataset.arguments() == ""


def test_a_path_that_begins_with_a_dash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-rf").mkdir()
    assert load(small(dataset="-rf")).dataset.path == tmp_path / "-rf"
    assert study.usable("-x.pth") == tmp_path / "-x.pth"
    assert study.usable("x/-x.pth") == Path("x/-x.pth")


@pytest.mark.parametrize("file", ["a/{dataset}.jpg", "{x}/1.jpg"])
def test_files_that_snakemake_would_take_for_wildcards(tmp_path: Path, file: str) -> None:
    for name in (file, "b/1.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert file in refusal(small(dataset=str(tmp_path)))
    garden = {"source": "local", "path": str(tmp_path)}
    config = small(datasets={**small()["datasets"], "other": garden}, weights="learned")
    assert file in refusal(config)


def test_the_table_holds_no_wildcards() -> None:
    """Snakemake would replace {x} in a param, also inside a text."""
    found = load(one(label="{x} and {y}"))
    assert "{x" not in found.table()
    assert json.loads(found.table())["label"] == "{x} and {y}"


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b/2.jpg", "a/1.jpg", ".cache/x.jpg", "a/.DS_Store", "label.csv", "readme.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert study.photo_files(tmp_path) == [
        str(tmp_path / name) for name in ("a/1.jpg", "b/2.jpg", "label.csv")
    ]


# --- refusals --------------------------------------------------------------------------------------

EXPERIMENT = ("experiments", 0)
MISTAKES: dict[str, tuple[Where, Any, list[str]]] = {
    # Keys that nobody knows, at each level.
    "key at the top": (("experimnts",), [], ["top level", "'experimnts'", "did you mean 'experiments'"]),
    "key of split": (("split", "sed"), 1, ["split", "'sed'", "did you mean 'seed'"]),
    "key of recipe": (("recipe", "epoch"), 1, ["recipe", "'epoch'", "did you mean 'epochs'", "patience"]),
    "key of optimizer": (
        ("optimizers", "sgd", "momentun"),
        0.9,
        ["optimizers.sgd", "did you mean 'momentum'"],
    ),
    "key of experiment": (
        (*EXPERIMENT, "augmentations"),
        "x",
        ["experiments[0]", "did you mean 'augmentation'"],
    ),
    "key of data set": (("datasets", "drawn", "specis"), 1, ["datasets.drawn", "did you mean 'species'"]),
    "key of weights": (("weight_sources", "net", "versions"), 1, ["weight_sources.net", "'version'"]),
    "key of overrides": (
        *[("weight_sources", "learned", "overrides", "alexnet", "epoch"), 1],
        ["weight_sources.learned.overrides.alexnet", "did you mean 'epochs'"],
    ),
    "key that is no text": (("recipe", 5), 1, ["recipe", "'5'"]),
    # Names of things that there are not.
    "backbone": (
        (*EXPERIMENT, "backbone"),
        "resnet43",
        ["experiments[0].backbone", "resnet43", "'resnet34'"],
    ),
    "backbone in a list": ((*EXPERIMENT, "backbone"), ["alexnet", "vgg"], ["[0].backbone", "'vgg'", "vgg11"]),
    "augmentation": ((*EXPERIMENT, "augmentation"), "flip", ["[0].augmentation", "'flip'", "'flipped'"]),
    "optimizer": ((*EXPERIMENT, "optimizer"), "adam", ["[0].optimizer", "'adam'", "did you mean 'adamw'"]),
    "weights of all": (("weights",), "stat", ["weights", "'stat'", "did you mean 'start'", "learned"]),
    "weights of one": ((*EXPERIMENT, "weights"), "nut", ["[0].weights", "'nut'", "did you mean 'net'"]),
    "data set": (("dataset",), "drawm", ["dataset", "'drawm'", "did you mean 'drawn'", "other"]),
    "no data set": (("dataset",), "", ["dataset", "''", "drawn, other"]),
    "algorithm": (("optimizers", "sgd", "algorithm"), "adam", ["optimizers.sgd.algorithm", "sgd, adamw"]),
    "source": (("datasets", "drawn", "source"), "drwan", ["datasets.drawn.source", "drawn, drive, local"]),
    "no source": (("datasets", "drawn", "source"), DELETE, ["datasets.drawn.source is missing", "drive"]),
    "list as source": (("datasets", "drawn", "source"), ["drawn"], ["datasets.drawn.source", "drawn, drive"]),
    "edit": ((*EXPERIMENT, "architecture"), "fewer", ["[0].architecture", "'fewer'", "fewer_layers"]),
    "transform": (
        ("augmentations", "plain"),
        ["rotaton"],
        ["augmentations.plain[0]", "'rotaton'", "rotation"],
    ),
    "parameter": (
        *[("augmentations", "plain"), [{"rotation": {"degree": 3}}]],
        ["augmentations.plain[0]", "'degree'", "degrees"],
    ),
    "pretraining's data": (("weight_sources", "learned", "dataset"), "othr", ["learned.dataset", "'other'"]),
    "pretraining's augmentation": (
        *[("weight_sources", "learned", "augmentation"), "plan"],
        ["weight_sources.learned.augmentation", "did you mean 'plain'"],
    ),
    "pretraining's optimizer": (
        ("weight_sources", "learned", "optimizer"),
        "x",
        ["learned.optimizer", "sgd"],
    ),
    "overrides' backbone": (
        *[("weight_sources", "learned", "overrides"), {"alexnt": {}}],
        ["weight_sources.learned.overrides", "did you mean 'alexnet'"],
    ),
    # Values of the wrong kind or out of range.
    "number as text": (
        ("optimizers", "sgd", "learning_rate"),
        "1e-3",
        ["sgd.learning_rate", "'1e-3'", "1.0e-3"],
    ),
    "parameter as text": (("augmentations", "plain"), [{"rotation": {"degrees": "9"}}], ["plain[0]", "'9'"]),
    "text for integer": (("recipe", "epochs"), "many", ["recipe.epochs", "'many'", "integer"]),
    "fraction of an epoch": (("recipe", "epochs"), 2.5, ["recipe.epochs", "2.5", "integer"]),
    "integer with a point": (("recipe", "epochs"), 2.0, ["recipe.epochs", "2.0", "integer"]),
    "true for integer": (("recipe", "epochs"), True, ["recipe.epochs", "True", "integer"]),
    "not a number": (
        ("optimizers", "sgd", "learning_rate"),
        float("nan"),
        ["sgd.learning_rate", "not finite"],
    ),
    "infinite": (("optimizers", "sgd", "learning_rate"), float("inf"), ["sgd.learning_rate", "not finite"]),
    "huge seed": (("seeds",), [2**64], ["seeds[0]", str(2**64), "too large"]),
    "huge parameter": (
        ("augmentations", "plain"),
        [{"rotation": {"degrees": 10**400}}],
        ["plain[0]", "too large"],
    ),
    "negative rate": (("optimizers", "sgd", "learning_rate"), -1, ["sgd.learning_rate", "-1", "more than 0"]),
    "no momentum left": (("optimizers", "sgd", "momentum"), 1, ["sgd.momentum", "is 1", "less than 1"]),
    "whole fraction": (("split", "train_fraction"), 1.0, ["split.train_fraction", "1.0", "less than 1"]),
    "epochs without end": ((*EXPERIMENT, "epochs"), 10**7, ["experiments[0].epochs", "at most 1000000"]),
    "batches without end": ((*EXPERIMENT, "batch_size"), [4, 10**6], ["batch_size[1]", "at most 65536"]),
    "no GPU": (("recipe", "gpus"), 0, ["recipe.gpus is 0", "at least 1"]),
    "GPUs without end": ((*EXPERIMENT, "gpus"), [1, 9], ["experiments[0].gpus[1]", "at most 8"]),
    "patience without end": ((*EXPERIMENT, "patience"), 10**7, ["patience", "at most 1000000"]),
    "photos without end": ((*EXPERIMENT, "image_size"), 4096, ["image_size", "at most 2048"]),
    "pretraining without end": (
        *[("weight_sources", "learned", "epochs"), 10**7],
        ["weight_sources.learned.epochs", "at most 1000000"],
    ),
    "overrides without end": (
        *[("weight_sources", "learned", "overrides", "alexnet", "image_size"), 4096],
        ["weight_sources.learned.overrides.alexnet.image_size", "at most 2048"],
    ),
    "integer of many digits": (("recipe", "epochs"), 2**40_000, ["recipe.epochs", "thousands of digits"]),
    "key of many digits": (("recipe", 2**40_000), 1, ["recipe", "thousands of digits"]),
    "no label": ((*EXPERIMENT, "label"), "", ["experiments[0].label", "one line of text"]),
    "label of two lines": ((*EXPERIMENT, "label"), "a\nb", ["experiments[0].label", "one line of text"]),
    "label that is no text": ((*EXPERIMENT, "label"), "\ud800", ["experiments[0].label", "one line of text"]),
    "label without end": ((*EXPERIMENT, "label"), "x" * 1001, ["experiments[0].label", "characters: 1000"]),
    "steps without end": (("augmentations", "plain"), ["rotation"] * 101, ["plain", "at most", "100"]),
    "runs without end": (("seeds",), list(range(20_000)), ["experiments[0]", "20000 runs", "10000"]),
    "combinations without end": (
        *[
            EXPERIMENT,
            {
                **one()["experiments"][0],
                **{
                    field: [0.1 + k / 1000 for k in range(500)]
                    for field in ("learning_rate", "momentum", "weight_decay")
                },
            },
        ],
        ["experiments[0]", "125000000 runs", "10000"],
    ),
    "no epochs": ((*EXPERIMENT, "epochs"), 0, ["experiments[0].epochs", "is 0", "at least 1"]),
    "size": (("recipe", "image_size"), 31, ["recipe.image_size", "31", "at least 32"]),
    "photos too small": (("recipe", "image_size"), 62, ["recipe.image_size", "62", "one", "at least 63"]),
    "photo too small": ((*EXPERIMENT, "image_size"), [64, 32], ["experiments[0].image_size", "32", "63"]),
    "transform's range": (
        *[("augmentations", "plain"), [{"rotation": {"degrees": 181}}]],
        ["augmentations.plain[0]", "181", "between 0 and 180"],
    ),
    "drive id": (("datasets", "other", "id"), "https://x", ["datasets.other.id", "https://x", "allowed"]),
    "default weights": (("weight_sources", "net", "version"), "DEFAULT", ["net.version", "'DEFAULT'"]),
    "file for all": (("weight_sources", "own", "path"), "x.pth", ["own.path", "'x.pth'", "{backbone}"]),
    # Nothing where something should be.
    "no experiments": (("experiments",), [], ["experiments", "[]", "at least this many values: 1"]),
    "no seeds": (("seeds",), [], ["seeds", "[]", "at least this many values: 1"]),
    "same seed": (("seeds",), [1, 1], ["seeds", "[1, 1]", "differ"]),
    "empty list": (
        (*EXPERIMENT, "backbone"),
        [],
        ["experiments[0].backbone", "[]", "at least this many values: 1"],
    ),
    "no optimizers": (("optimizers",), {}, ["optimizers", "{}", "at least this many keys: 1"]),
    "no section": (("recipe",), DELETE, ["recipe is missing"]),
    "no key": (("recipe", "patience"), DELETE, ["recipe.patience is missing"]),
    "no backbone": ((*EXPERIMENT, "backbone"), DELETE, ["experiments[0].backbone is missing"]),
    "no name": ((*EXPERIMENT, "name"), DELETE, ["experiments[0]", "no name"]),
    "normalize not last": (
        *[("augmentations", "plain"), ["normalize", "color_jitter"]],
        ["augmentations.plain", "put normalize last"],
    ),
    "two steps in one": (
        *[("augmentations", "plain"), [{"rotation": {}, "normalize": {}}]],
        ["augmentations.plain[0]", "at most this many keys: 1"],
    ),
    "line in a key": (("augmentations", "plain"), [{"a\nb": 5}], ["augmentations.plain[0]", "is 5"]),
    **{
        f"null {section}": ((section,), None, [section, "empty"])
        for section in (
            *("dataset", "weights", "seeds", "split", "datasets", "weight_sources", "recipe"),
            *("optimizers", "augmentations", "experiments"),
        )
    },
    "null data set": (("datasets", "drawn"), None, ["datasets.drawn", "empty"]),
    "null optimizer": (("optimizers", "sgd"), None, ["optimizers.sgd", "empty"]),
    "null augmentation": (("augmentations", "plain"), None, ["augmentations.plain", "empty"]),
    "null experiment": (EXPERIMENT, None, ["experiments[0]", "empty"]),
    # Experiments of one name.
    "same name": (("experiments", 1), one()["experiments"][0], ["experiments[1].name", "'one'", "earlier"]),
    "same name in a list": (
        (*EXPERIMENT, "learning_rate"),
        [0.1, 0.10],
        ["[0].name", "'one-0.1'", "earlier"],
    ),
    "same name by expansion": (
        *[("experiments", 0), {**one(name="resnet34")["experiments"][0]}],
        ["experiments[1].name", "'resnet34'", "earlier"],
    ),
}


@pytest.mark.parametrize(("where", "value", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_in_one_line(where: Where, value: Any, expected: list[str]) -> None:
    message = refusal(change(small(), where, value))
    for part in expected:
        assert part in message


BAD_NAMES = ["../x", "A", "a..b", "", "a/b", "a b", "-a", ".a", "a\n", "é", "a" * 101, 5, None, True, ["a"]]


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_experiments_need_names_that_files_can_have(name: Any) -> None:
    message = refusal(one(name=name))
    assert "experiments[0].name" in message
    assert repr(name) in message


@pytest.mark.parametrize("name", [name for name in BAD_NAMES if name.__hash__], ids=repr)
@pytest.mark.parametrize("section", ["datasets", "weight_sources", "optimizers", "augmentations"])
def test_sections_need_names_that_files_can_have(section: str, name: Any) -> None:
    config = small()
    config[section][name] = next(iter(config[section].values()))
    message = refusal(config)
    assert section in message
    assert repr(name) in message


@pytest.mark.parametrize("name", ["a", "0", "a-b_c.d", "x" * 99 + "y"])
def test_names_that_files_can_have(name: str) -> None:
    assert list(load(one(name=name)).experiments) == [name]


@pytest.mark.parametrize("name", ["x" * 20, "a-" + "bc" * 20])
def test_names_that_snakemake_takes_for_a_loop(name: str) -> None:
    assert "experiments[0]" in refusal(one(name=name))
    for section in ("datasets", "weight_sources"):
        config = small()
        config[section][name] = config[section].pop(next(reversed(config[section])))
        assert name in refusal(config)


def test_long_file_names_give_names_that_files_can_have(tmp_path: Path) -> None:
    loop, path = tmp_path / f"{'x' * 240}.zip", tmp_path / f"{'x' * 99}y{'z' * 100}.zip"
    for file in (loop, path):
        file.write_bytes(b"")
    assert load(small(dataset=str(path))).dataset.name == "x" * 99 + "y"
    assert "for a loop" in refusal(small(dataset=str(loop)))


def test_names_made_of_many_values_still_fit_a_file() -> None:
    long = {f"{letter}{'x9' * 40}{letter}": [] for letter in "abc"}
    config = one(augmentation=list(long), optimizer=["sgd", "adamw"], name="n" + "x9" * 40 + "n")
    config["augmentations"] |= long
    assert list(load(config).experiments)
    config["experiments"][0]["weights"] = ["start", "w" + "x9" * 40 + "w"]
    config["weight_sources"]["w" + "x9" * 40 + "w"] = {"source": "none"}
    assert "at most 200" in refusal(config)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_only_for_its_backbones(backbone: str, edit: str) -> None:
    config = one(backbone=backbone, architecture=edit, image_size=224)
    if backbone in EDITS[edit].backbones:
        assert load(config).experiments["one"].spec.architecture == edit
    else:
        message = refusal(config)
        assert "experiments[0].architecture" in message
        assert f"no known edit of {backbone}" in message
        assert "original" in message


def test_an_edit_may_need_larger_photos() -> None:
    assert "at least 191" in refusal(one(architecture="more_layers_wide", image_size=190))
    load(one(architecture="more_layers_wide", image_size=191))
    load(one(architecture="fewer_layers", image_size=32))


def test_weights_trained_on_photos_too_small_for_the_backbone() -> None:
    load(one(weights="learned"))
    config = one(weights="learned")
    config["weight_sources"]["learned"]["overrides"] = {}
    message = refusal(config)
    assert "weight_sources.learned.image_size is 48" in message
    assert "at least 63" in message
    # Nobody asks for AlexNet's, so they need not be possible.
    config["weights"] = "learned"
    config["experiments"][0] |= {"backbone": "googlenet", "weights": "learned"}
    load(config)


@pytest.mark.parametrize("path", ["/nowhere/photos.zip", "photos.tar.gz", "./photos", "~/no such folder/x"])
def test_a_path_that_is_not_there(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"dataset is {path!r}, but there is no such file" in refusal(small(dataset=path))
    fields = {"source": "local", "path": path}
    datasets = {**small()["datasets"], "mine": fields}
    message = refusal(small(dataset="mine", datasets=datasets))
    assert "datasets.mine.path" in message
    # A data set that is not the study's need not be here.
    load(small(datasets=datasets))


@pytest.mark.parametrize(
    "path",
    [
        *("x" * 300, "~nobody-of-this-name/x.zip", "a\nb/c.zip", "a\0b.zip", "\ud800/a.zip"),
        *("{size}.zip", "a/{ x , y}/b.zip"),
    ],
)
def test_a_path_that_cannot_be(path: str) -> None:
    refusal(small(dataset=path))
    refusal(
        small(dataset="mine", datasets={**small()["datasets"], "mine": {"source": "local", "path": path}})
    )


def test_a_path_named_like_a_configured_data_set(tmp_path: Path) -> None:
    (tmp_path / "Drawn.zip").write_bytes(b"")
    message = refusal(small(dataset=str(tmp_path / "Drawn.zip")))
    assert "'drawn' is configured already" in message


def test_a_path_without_letters(tmp_path: Path) -> None:
    (tmp_path / "照片.zip").write_bytes(b"")
    assert "give it a name under datasets" in refusal(small(dataset=str(tmp_path / "照片.zip")))


@pytest.mark.parametrize("config", [None, [], "text", 5], ids=repr)
def test_a_configuration_that_is_no_mapping(config: Any) -> None:
    assert "the top level" in refusal(config)


# --- anything else ---------------------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [0, 1, 63, 2**63, 10**400, 2**12_000, "1e-3", "alexnet", "drawn", "none", "x" * 100_000]
    )
    | st.sampled_from(
        ["", " ", "a\nb", "a\0b", "\ud800", "~x/y.zip", "x" * 300, "../../x", "-rf", "; touch pwned"]
    )
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8)
    | st.dates()
    | st.datetimes()
    | st.sets(st.integers(), max_size=2)
    | st.tuples(st.integers())
)
KEYS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["source", "path", "name"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def containers(value: Any) -> list[Any]:
    """Every mapping and list of a configuration, itself included."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, (dict, list)) else []
    return own + [found for each in inner for found in containers(each)]


def mutate(config: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
    """Delete, replace or insert something somewhere."""
    target = draw(st.sampled_from(containers(config)))
    places = list(target) if isinstance(target, dict) else list(range(len(target)))
    actions = ["delete", "replace", "insert", "copy", "repeat", "rename"]
    action = draw(st.sampled_from(actions)) if places else "insert"
    if action == "insert":
        value = draw(VALUES)
        if isinstance(target, dict):
            target[draw(KEYS)] = value
        else:
            target.insert(draw(st.integers(0, len(target))), value)
        return
    place = draw(st.sampled_from(places))
    if action == "delete":
        del target[place]
    elif action == "replace":
        target[place] = draw(VALUES)
    elif action == "rename" and isinstance(target, dict):
        target[draw(KEYS | st.sampled_from(places))] = target.pop(place)
    elif action == "repeat" and isinstance(target, list):
        target += [copy.deepcopy(target[place])] * draw(st.sampled_from([1, 2, 5000]))
    else:
        target[place] = copy.deepcopy(draw(st.sampled_from(containers(config))))


def check_names(found: study.Study) -> None:
    """Whatever is accepted has names that stay in their folders and words that a shell takes as they are."""
    for run in found.runs():
        assert re.fullmatch(r"[a-z0-9][a-z0-9._+-]{0,199}/seed[0-9]+", run)
        assert ".." not in run
    for name in (*found.datasets, *found.weight_sources):
        assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name)
        assert ".." not in name
    for one in found.datasets.values():
        values = {key: value for key, value in one.fields.items() if f"--{key}" in one.arguments()}
        words = re.sub(r"(--\w+)=", r"\1 ", " ".join(shlex.split(one.arguments()))).split(" ")
        expected = [
            word
            for key, value in sorted(values.items())
            for word in (f"--{key}", *map(str, value if isinstance(value, list) else [value]))
        ]
        assert words == (expected or [""])
        assert set(one.fields) - set(values) <= {"path", "published", "unpacked_gb"}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.integers(1, 3), st.sampled_from([small(), small(), DEFAULT]))
def test_a_broken_configuration_is_a_user_error(
    data: st.DataObject, mutations: int, whole: dict[str, Any]
) -> None:
    config = copy.deepcopy(whole)
    for _ in range(mutations):
        mutate(config, data.draw)
    message = ""
    try:
        found = load(config)
    except UserError as error:
        message = str(error)
    else:
        found.table()
        found.datasets_from("drawn", "local")
        check_names(found)
        for experiment in found.experiments.values():
            text = experiment.spec.to_json()
            assert Spec.from_json(text).to_json() == text
            assert "NaN" not in text
            assert "Infinity" not in text
    assert len(message.splitlines()) <= 1
    assert len(message) < 5000
