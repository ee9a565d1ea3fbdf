"""From entries to experiments: lists expand, and networks get photos, edits and GPUs that suit them."""

from __future__ import annotations

from typing import Any

import pytest
from configs import DELETE, Where, change, load, one, refusal, small, specs

from ablation.networks.backbones import BACKBONES
from ablation.networks.edits import EDITS, ORIGINAL


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
        ("threads", [1, 2]),
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
