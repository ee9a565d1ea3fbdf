"""What changes the spec of an experiment, and what does not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from configs import DEFAULT, Where, change, load, one, small, specs

from ablation.networks.edits import ORIGINAL


def test_two_loads_give_the_same_strings() -> None:
    assert specs(DEFAULT) == specs(copy.deepcopy(DEFAULT))


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
        (("optimizers", "sgd"), {"algorithm": "adamw", "learning_rate": 0.01}),
        (("recipe", "image_size"), 65),
        (("recipe", "batch_size"), 5),
        (("recipe", "epochs"), 6),
        (("recipe", "patience"), 3),
        (("recipe", "precision"), "fp32"),
        (("recipe", "gpus"), 2),
        (("recipe", "threads"), 2),
        (("recipe", "trains"), "head"),
        (("recipe", "resize"), "crop"),
        (("recipe", "interpolation"), "bicubic"),
        (("recipe", "label_smoothing"), 0.1),
        (("recipe", "mixup"), 0.2),
        (("recipe", "cutmix"), 1),
        (("recipe", "ema_decay"), 0.99),
        (("recipe", "balance"), "weights"),
        (("recipe", "balance"), "sampling"),
        (("optimizers", "sgd", "schedule"), "cosine"),
        (("optimizers", "sgd", "warmup_epochs"), 0.5),
        (("optimizers", "sgd", "backbone_learning_rate"), 0.001),
        (("optimizers", "sgd", "layer_decay"), 0.75),
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
        (("recipe", "threads"), 1),
        (("recipe", "trains"), "all"),
        (("recipe", "head_epochs"), 3),
        (("recipe", "resize"), "squash"),
        (("recipe", "interpolation"), "bilinear"),
        (("recipe", "label_smoothing"), 0),
        (("recipe", "mixup"), 0.0),
        (("recipe", "cutmix"), 0),
        (("recipe", "ema_decay"), 0),
        (("recipe", "balance"), "none"),
        (("recipe", "batch_norm"), "trained"),
        (("optimizers", "sgd", "warmup_epochs"), 0.0),
        (("optimizers", "sgd", "backbone_learning_rate"), 0.01),
        (("optimizers", "sgd", "layer_decay"), 1),
        (("optimizers", "sgd", "weight_decay"), 0.0),
        (("optimizers", "sgd", "weight_decay"), 0),
        (("optimizers", "sgd", "schedule"), "constant"),
        (("optimizers", "adamw", "momentum"), 0),
        (("seeds",), [0]),
        (("experiments", 0, "architecture"), ORIGINAL),
        (("experiments", 0, "weights"), "start"),
        (("experiments", 0, "epochs"), 5),
        (("experiments", 0, "threads"), 1),
        (("experiments", 0, "momentum"), 0.9),
        (("augmentations", "flipped", 0), {"horizontal_flip": {"probability": 0.5}}),
        (("augmentations", "flipped", 0), {"horizontal_flip": {}}),
        (("augmentations", "flipped", 1), {"rotation": {"degrees": 30.0}}),
    ],
)
def test_an_explicit_default_gives_the_same_spec(where: Where, value: Any) -> None:
    assert specs(change(small(), where, value)) == specs(small())
