"""Mistakes in a configuration: each is told in one line that names the key and what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from configs import DELETE, Where, change, one, refusal, small

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
    "tracker": (("trackers",), ["tensorbord"], ["trackers[0]", "'tensorbord'", "tensorboard, mlflow"]),
    "tracker twice": (("trackers",), ["mlflow", "mlflow"], ["trackers", "must differ"]),
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
    "resize": (("recipe", "resize"), "stretch", ["recipe.resize", "'stretch'", "squash, crop, pad"]),
    "interpolation": ((*EXPERIMENT, "interpolation"), ["cubic"], ["interpolation[0]", "'cubic'", "bicubic"]),
    "schedule": (("optimizers", "sgd", "schedule"), "cosin", ["sgd.schedule", "'cosin'", "cosine, step"]),
    "warm-up": (("optimizers", "sgd", "warmup_epochs"), -1, ["sgd.warmup_epochs is -1", "at least 0"]),
    "layer decay": ((*EXPERIMENT, "layer_decay"), [1, 1.5], ["layer_decay[1] is 1.5", "at most 1"]),
    "drops that rise": ((*EXPERIMENT, "step_factor"), 1, ["step_factor is 1", "less than 1"]),
    "all smoothed": (("recipe", "label_smoothing"), 1, ["recipe.label_smoothing is 1", "less than 1"]),
    "mixup": (("recipe", "mixup"), "on", ["recipe.mixup", "'on'", "a number"]),
    "an average that stands still": (("recipe", "ema_decay"), 1.0, ["recipe.ema_decay", "less than 1"]),
    "balance": (("recipe", "balance"), "weight", ["recipe.balance", "none, weights, sampling"]),
    "no thread": (("recipe", "threads"), 0, ["recipe.threads is 0", "at least 1"]),
    "threads without end": ((*EXPERIMENT, "threads"), [1, 2000], ["threads[1]", "at most 1024"]),
    "threads of a pretraining": (
        *[("weight_sources", "learned", "overrides", "alexnet", "threads"), "all"],
        ["weight_sources.learned.overrides.alexnet.threads", "'all'", "integer"],
    ),
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
    "name of timm's": (
        ("weight_sources", "hub", "files"),
        {"a b": {}},
        ["hub.files", "'a b'", "resnet50.a1_in1k"],
    ),
    "branch of the hub": (
        ("weight_sources", "hub", "files", "resnet50.a1_in1k", "revision"),
        "main",
        ["hub.files.resnet50.a1_in1k.revision", "'main'", "commit"],
    ),
    "short hash": (
        ("weight_sources", "hub", "files", "resnet50.a1_in1k", "sha256"),
        "abc",
        ["hub.files.resnet50.a1_in1k.sha256", "'abc'", "64"],
    ),
    "key of a file on the hub": (
        ("weight_sources", "hub", "files", "resnet50.a1_in1k", "sha"),
        "abc",
        ["hub.files.resnet50.a1_in1k", "did you mean 'sha256'"],
    ),
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
