"""What networks expect of their input."""

from __future__ import annotations

import pytest
import timm
import torchvision

from ablation.networks import preprocessing, published_weights
from ablation.networks.backbones import BACKBONES

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


@pytest.mark.parametrize("backbone", BACKBONES)
def test_torchvisions_networks(backbone: str) -> None:
    expected = IMAGENET | {"size": 224, "interpolation": "bilinear"}
    assert preprocessing.of_network(backbone).to_dict() == expected
    assert published_weights.about(backbone, "IMAGENET1K_V1") == {
        "backbone": backbone,
        "source": "IMAGENET1K_V1",
        "input": expected,
    }


@pytest.mark.parametrize(
    ("version", "size", "interpolation"),
    [
        ("ViT_L_16_Weights.IMAGENET1K_SWAG_E2E_V1", 512, "bicubic"),
        ("Inception_V3_Weights.IMAGENET1K_V1", 299, "bilinear"),
    ],
)
def test_what_differs_between_weights_is_recorded(version: str, size: int, interpolation: str) -> None:
    weights = torchvision.models.get_weight(version)
    expected = IMAGENET | {"size": size, "interpolation": interpolation}
    assert preprocessing.of_torchvisions(weights).to_dict() == expected


def test_every_network_of_torchvision_has_an_expectation() -> None:
    for backbone in torchvision.models.list_models(module=torchvision.models):
        assert preprocessing.of_network(backbone).size >= 224


def test_timms_networks() -> None:
    expected = {"mean": [0.5] * 3, "std": [0.5] * 3, "size": 224, "interpolation": "bicubic"}
    assert preprocessing.of_network("tf_efficientnet_lite0").to_dict() == expected
    chosen = timm.get_pretrained_cfg("resnet50.a1_in1k")
    assert preprocessing.of_network("timm/resnet50") == preprocessing.of_timms(chosen)
