"""Augmentations and optimizers as configured: with every value, or refused."""

from __future__ import annotations

import copy
from dataclasses import fields
from typing import Any

import pytest

from ablation.networks.backbones import IMAGENET_MEAN, IMAGENET_STD
from ablation.networks.normalisations import Normalisation
from ablation.running.errors import UserError
from ablation.spec import Optimizer
from ablation.study.optimizers import resolved_optimizer
from ablation.study.recipes import resolved_augmentation
from ablation.training.transforms.table import TRANSFORMS

SGD = {
    "algorithm": "sgd",
    "learning_rate": 1,
    "momentum": 0.9,
    "weight_decay": 0,
    "schedule": "constant",
    "warmup_epochs": 0,
    "layer_decay": 1,
}


def resolved(
    *steps: Any, expected: Normalisation = (IMAGENET_MEAN, IMAGENET_STD)
) -> tuple[tuple[str, dict[str, Any]], ...]:
    config = {"augmentations": {"some": list(steps)}}
    before = copy.deepcopy(config)
    found = resolved_augmentation(config, "some", expected)
    assert config == before
    return found


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_by_its_name_has_all_parameters(name: str) -> None:
    ((found, parameters),) = resolved(name)
    assert found == name
    assert list(parameters) == [field.name for field in fields(TRANSFORMS[name])]  # type: ignore[arg-type]
    assert resolved({name: {}}) == resolved({name: parameters}) == resolved(name)


def test_standardize_is_the_normalize_of_the_starting_weights() -> None:
    assert resolved("rotation", "standardize") == resolved("rotation", "normalize")
    its = ((0.5, 0.4, 0.3), (0.1, 0.2, 0.3))
    assert resolved("standardize", expected=its) == (
        ("normalize", {"mean": [0.5, 0.4, 0.3], "std": [0.1, 0.2, 0.3]}),
    )
    assert resolved({"standardize": {"mean": [0, 0, 0]}}, expected=its) == (
        ("normalize", {"mean": [0.0, 0.0, 0.0], "std": [0.1, 0.2, 0.3]}),
    )


def test_random_erasing_may_follow_normalize() -> None:
    for last in ("normalize", "standardize"):
        names = [name for name, _ in resolved("rotation", last, "random_erasing")]
        assert names == ["rotation", "normalize", "random_erasing"]


def test_what_is_given_stays_and_steps_keep_their_order() -> None:
    found = resolved(
        {"rotation": {"degrees": 30}}, {"color_jitter": {"hue": 0.25}}, {"rotation": {"degrees": 5}}
    )
    assert [name for name, _ in found] == ["rotation", "color_jitter", "rotation"]
    assert [found[step][1]["degrees"] for step in (0, 2)] == [30, 5]
    assert found[1][1]["hue"] == 0.25
    assert resolved() == ()


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (["rotation", "rotaton"], r"config: augmentations\.some\[1\]: .*'rotaton'"),
        ([{"rotation": {"degrees": 181}}], r"config: augmentations\.some\[0\]: .*181"),
        ([{"rotation": {"degrees": 10**400}}], r"config: augmentations\.some\[0\]: "),
        (["normalize", "rotation"], r"config: augmentations\.some goes on after normalize"),
        (["normalize", "normalize"], r"config: augmentations\.some goes on after normalize"),
        (["standardize", "rotation"], r"put normalize last .*; only random_erasing may follow$"),
        (["normalize", "random_erasing", "rotation"], r"goes on after normalize"),
        ([{"standardize": {"std": [0, 1, 1]}}], r"config: augmentations\.some\[0\]: .*above 0"),
    ],
    ids=["name", "range", "too large", "not last", "twice", "standard", "erased", "standard deviation"],
)
def test_a_step_that_cannot_be(steps: list[Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        resolved(*steps)


def test_an_optimizer_takes_an_experiments_changes() -> None:
    config = {"optimizers": {"sgd": SGD, "other": {**SGD, "algorithm": "adamw", "momentum": 0.0}}}
    before = copy.deepcopy(config)
    assert resolved_optimizer(config, "sgd", {}) == Optimizer("sgd", 1.0, 0.9, 0.0, "constant")
    changes = {"learning_rate": 0.5, "weight_decay": 0.1}
    assert resolved_optimizer(config, "other", changes) == Optimizer("adamw", 0.5, 0.0, 0.1, "constant")
    assert config == before


def test_integers_become_the_floats_that_they_are() -> None:
    """In a spec's JSON 0 and 0.0 would be two values."""
    found = resolved_optimizer({"optimizers": {"sgd": SGD}}, "sgd", {"momentum": 0})
    numbers = (found.learning_rate, found.momentum, found.weight_decay)
    assert [repr(number) for number in numbers] == ["1.0", "0.0", "0.0"]


@pytest.mark.parametrize(
    ("changes", "key"), [({}, "optimizers.a.momentum"), ({"momentum": 0.5}, "here.momentum")]
)
def test_momentum_of_an_optimizer_that_has_none(changes: dict[str, float], key: str) -> None:
    adamw = {**SGD, "algorithm": "adamw", "momentum": 0.0 if changes else 0.5}
    with pytest.raises(UserError) as told:
        resolved_optimizer({"optimizers": {"a": adamw}}, "a", changes, "here")
    assert str(told.value) == (
        f"config: {key} is 0.5, but optimizers.a is adamw, which has none; leave it out, or choose an "
        "optimizer of sgd"
    )
