"""What runs and weights are called: alike if and only if they are."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from configs import change, load, one, small

from ablation.spec import Optimizer, Spec
from ablation.study import identity
from ablation.study.study import Study


def folder(study: Study, name: str = "one") -> str:
    return study.experiments[name].folder


def test_a_folder_begins_with_the_network() -> None:
    assert folder(load(one())).startswith("alexnet-")
    assert folder(load(one(architecture="fewer_layers"))).startswith("alexnet-fewer_layers-")
    timm = load(one(backbone="timm/resnet18", weights="start"))
    assert folder(timm).startswith("timm-resnet18-")
    assert len(folder(timm).removeprefix("timm-resnet18-")) == identity.DIGITS


@pytest.mark.parametrize("named", [{"name": "other"}, {"label": "Other"}, {"seeds": [3, 4]}])
def test_names_and_seeds_are_no_part_of_it(named: dict[str, Any]) -> None:
    other = load(one(**named))
    assert folder(other, next(iter(other.experiments))) == folder(load(one()))


def test_names_of_augmentations_and_optimizers_are_no_part_of_it() -> None:
    config = one()
    config["augmentations"]["bare"] = config["augmentations"].pop("plain")
    config["weight_sources"]["learned"]["augmentation"] = "bare"
    config["experiments"][0]["augmentation"] = "bare"
    assert folder(load(config)) == folder(load(one()))


def other(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return 0.5
    return value + 1 if isinstance(value, (int, float)) else f"{value}x"


@pytest.mark.parametrize("field", [one.name for one in fields(Spec)])
def test_every_value_of_a_spec_but_seed_and_fold_is_a_part_of_it(field: str) -> None:
    spec = load(one()).experiments["one"].spec
    value = getattr(spec, field)
    if isinstance(value, Optimizer):
        changed = [
            replace(value, **{each.name: other(getattr(value, each.name))}) for each in fields(Optimizer)
        ]
    else:
        changed = [(*value, ("normalize", {})) if isinstance(value, tuple) else other(value)]
    for new in changed:
        same = identity.of_runs(replace(spec, **{field: new}), "") == identity.of_runs(spec, "")
        assert same == (field in ("seed", "fold"))


def weights(config: dict[str, Any], source: str, backbone: str = "alexnet") -> str:
    return load(config).weights(source, backbone)


@pytest.mark.parametrize(
    ("source", "where", "value"),
    [
        ("net", ("version",), "IMAGENET1K_V2"),
        ("learned", ("epochs",), 3),
        ("learned", ("dataset",), "drawn"),
        ("learned", ("overrides", "alexnet", "image_size"), 96),
        ("hub", ("files", "resnet50.a1_in1k", "sha256"), 64 * "c"),
    ],
)
def test_other_values_of_a_source_lie_apart_with_the_runs_from_them(
    source: str, where: tuple[str, ...], value: Any
) -> None:
    backbone = "timm/resnet50" if source == "hub" else "alexnet"
    config = one(weights=source, backbone=backbone)
    changed = change(config, ("weight_sources", source, *where), value)
    assert weights(config, source, backbone) != weights(changed, source, backbone)
    assert folder(load(config)) != folder(load(changed))


def test_a_file_of_ones_own_may_move() -> None:
    config = small()
    assert weights(config, "own") == ""
    assert weights(config, "packed", "tf_efficientnet_lite0") == ""
    assert weights(config, "start") == ""
