"""The learning rate of each parameter: by hand, and as timm groups layers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
import torchvision
from tiny import ADAMW, CPU, SGD, spec
from torch import nn
from trainings import network

from ablation.networks import build
from ablation.training import parts, rates, state
from ablation.training.rates import in_groups

torchvisions = torchvision.models


def by_name(net: nn.Module, **changes: Any) -> dict[str, float]:
    values = replace(SGD, learning_rate=1.0, **changes)
    names = [name for name, parameter in net.named_parameters() if parameter.requires_grad]
    return dict(zip(names, rates.rates(net, parts.head_of(net), values), strict=True))


def test_one_rate_is_one_group_with_all() -> None:
    net = network()
    assert set(by_name(net).values()) == {1.0}
    groups = in_groups(list(net.parameters()), [0.5] * 6)
    assert [len(group["params"]) for group in groups] == [6]


def test_the_backbone_may_have_a_rate_of_its_own() -> None:
    found = by_name(network(), backbone_learning_rate=0.1)
    assert {name for name, rate in found.items() if rate == 1.0} == {"layers.5.weight", "layers.5.bias"}
    assert {rate for name, rate in found.items() if not name.startswith("layers.5.")} == {0.1}


def test_rates_of_layers_are_of_the_backbones() -> None:
    found = by_name(network(), backbone_learning_rate=0.1, layer_decay=0.5)
    assert found["layers.5.weight"] == 1.0
    assert found["layers.1.weight"] == pytest.approx(0.05)


def test_a_block_of_timms_vision_transformer_is_a_group() -> None:
    with torch.device("meta"):
        net = build.untouched("vit_tiny_patch16_224")
    found = by_name(net, layer_decay=0.5)
    assert found["patch_embed.proj.weight"] == found["pos_embed"] == 0.5**13
    for block in range(12):
        assert found[f"blocks.{block}.mlp.fc1.weight"] == 0.5 ** (12 - block)
    assert found["norm.weight"] == 0.5
    assert found["head.weight"] == 1.0


@pytest.mark.parametrize(("name", "last", "deepest"), [("vit_b_32", "heads.head", 13), ("resnet18", "fc", 5)])
def test_torchvisions_networks_are_grouped_by_twelve_parameters(name: str, last: str, deepest: int) -> None:
    with torch.device("meta"):
        net = torchvisions.get_model(name, weights=None)
    found = list(by_name(net, layer_decay=0.5).items())
    body, head = found[:-2], found[-2:]
    assert [name for name, _ in head] == [f"{last}.weight", f"{last}.bias"]
    assert {rate for _, rate in head} == {1.0}
    assert [rate for _, rate in body] == [0.5 ** (deepest - position // 12) for position in range(len(body))]


def test_a_head_that_trains_alone_has_its_rate_and_one_group() -> None:
    values = replace(ADAMW, backbone_learning_rate=0.1, layer_decay=0.5)
    recipe = spec(optimizer=values, trains="head_then_all", head_epochs=2)
    (group,) = state.Training(network(), recipe, 8, CPU).optimizer.param_groups
    assert group["lr"] == ADAMW.learning_rate
    assert len(group["params"]) == 2


def test_weight_decay_and_rates_of_groups_are_those_of_pytorchs_optimizer() -> None:
    """Against AdamW on the same groups of parameters, as they are."""
    values = replace(ADAMW, backbone_learning_rate=0.1, layer_decay=0.5)
    training = state.Training(network(), spec(optimizer=values), 8, CPU)
    groups = training.optimizer.param_groups
    assert [group["lr"] for group in groups] == [0.05, ADAMW.learning_rate]
    assert {group["weight_decay"] for group in groups} == {ADAMW.weight_decay}
    assert [len(group["params"]) for group in groups] == [4, 2]
