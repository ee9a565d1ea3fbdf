"""Sources of weights that train their own."""

from __future__ import annotations

from typing import Any

import pytest
import timm
import torchvision
from configs import load, one, refusal, small

import list_normalisations
from ablation.networks import normalisations, packaged_weights
from ablation.study.weights import hub_file
from places import SCRIPTS


def test_a_source_of_weights_trains_each_backbone_by_its_own_recipe() -> None:
    found = load(small())
    dataset, spec = found.pretraining("learned", "alexnet")
    assert (dataset, spec.image_size, spec.optimizer.algorithm) == ("other", 64, "sgd")
    assert found.pretraining("learned", "alexnet")[1].gpus == 1
    _, spec = found.pretraining("learned", "googlenet")
    assert (spec.image_size, spec.optimizer.algorithm, spec.epochs, spec.weights) == (48, "adamw", 2, "none")
    assert found.weights_from("pretraining") == ["learned"]
    assert found.weights_from("torchvision") == ["net"]


def test_a_pretraining_has_the_recipes_threads_or_its_own() -> None:
    config = small()

    def threads() -> list[int]:
        found = load(config)
        return [found.pretraining("learned", name)[1].threads for name in ("alexnet", "googlenet")]

    assert threads() == [1, 1]
    config["recipe"]["threads"] = 4
    assert threads() == [4, 4]
    config["weight_sources"]["learned"]["threads"] = 3
    assert threads() == [3, 3]
    config["weight_sources"]["learned"]["overrides"]["alexnet"]["threads"] = 2
    assert threads() == [2, 3]


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


def test_a_source_is_of_the_networks_library() -> None:
    load(one(weights="packed", backbone="tf_efficientnet_lite0"))
    load(one(weights="net"))
    message = refusal(one(weights="net", backbone="timm/vgg11"))
    assert "weight_sources.net.source is 'torchvision', but timm/vgg11 is a network of timm" in message
    assert "choose weights whose source is 'timm', 'file', 'pretraining' or 'none'" in message
    message = refusal(one(weights="net", backbone="tf_efficientnet_lite0"))
    assert "choose weights whose source is 'timm', 'package', 'file', 'pretraining' or 'none'" in message


def test_a_network_that_no_package_carries_is_told_which_are() -> None:
    for backbone in ("alexnet", "timm/vgg11"):
        message = refusal(one(weights="packed", backbone=backbone))
        assert (
            f"weight_sources.packed.source is 'package', but no package has weights of {backbone};" in message
        )
        assert (
            "one of the networks tf_efficientnet_lite0, tf_efficientnet_lite1, tf_efficientnet_lite2"
            in message
        )


def test_timms_files_are_told_apart_by_their_network() -> None:
    config = one(weights="hub", backbone="timm/resnet50")
    files = config["weight_sources"]["hub"]["files"]
    pinned = files["resnet50.a1_in1k"]
    files["resnet50d.a1_in1k"] = {}
    load(config)
    assert hub_file(files, "timm/resnet50") == ("resnet50.a1_in1k", pinned)
    assert hub_file(files, "vgg11") == ("vgg11", {})
    files["resnet50.a2_in1k"] = {}
    message = refusal(config)
    assert "weight_sources.hub.files: several are of resnet50 (resnet50.a1_in1k, resnet50.a2_in1k)" in message
    assert "move all but one to another source" in message
    # Of another network's experiments it is no mistake.
    config["experiments"][0]["backbone"] = "tf_efficientnet_lite0"
    load(config)
    config["experiments"][0]["backbone"] = "resnet50"
    assert "source is 'timm', but resnet50 is a network of torchvision" in refusal(config)


def expected_of(backbone: str, **source: Any) -> tuple[list[float], list[float]]:
    """Return what `standardize` becomes for a source's weights of a backbone."""
    config = one(weights="chosen", backbone=backbone, augmentation="standard", image_size=224)
    config["weight_sources"]["chosen"] = source
    config["augmentations"]["standard"] = ["standardize"]
    (found,) = load(config).experiments.values()
    ((name, values),) = found.spec.augmentation
    assert name == "normalize"
    return values["mean"], values["std"]


@pytest.mark.parametrize("name", [*normalisations.read(), "vgg16.IMAGENET1K_V1", "resnet50.a1_in1k"])
def test_standardize_is_what_published_weights_expect(name: str) -> None:
    network, _, tag = name.partition(".")
    if tag.startswith("IMAGENET"):
        its = torchvision.models.get_model_weights(network)[tag].transforms()
        found = expected_of(network, source="torchvision", version=tag)
    else:
        its = timm.get_pretrained_cfg(name)
        found = expected_of(f"timm/{network}", source="timm", files={name: {}})
    assert found[0] == pytest.approx(its.mean, abs=1e-6)
    assert found[1] == pytest.approx(its.std, rel=1e-5)


def test_standardize_is_what_a_packages_weights_record() -> None:
    its = packaged_weights.expected_input("tf_efficientnet_lite0")
    found = expected_of("tf_efficientnet_lite0", source="package")
    assert found == (list(its.mean), list(its.std))
    # Random ones have the network's own, as do those that are trained here.
    assert expected_of("tf_efficientnet_lite0", source="none") == ([0.5] * 3, [0.5] * 3)


def test_weights_that_expect_something_else_are_listed() -> None:
    assert list(list_normalisations.lines()) == (
        (SCRIPTS / "ablation/networks/normalisations.csv").read_text(encoding="utf-8").splitlines()
    )
