"""What the rules of starting weights are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chained import wildcards
from configs import load, small

from ablation.chain.contents import stamp
from ablation.chain.weights import Weights


def weights(*, cuda: bool = False) -> Weights:
    experiments = [
        {"name": "a", "backbone": "alexnet", "augmentation": "plain", "optimizer": "sgd"},
        {"name": "b", "backbone": "alexnet", "augmentation": "flipped", "optimizer": "sgd"},
        {"name": "c", "backbone": "resnet34", "augmentation": "plain", "optimizer": "sgd"},
    ]
    return Weights(load(small(weights="learned", experiments=experiments)), cuda=cuda)


def of(backbone: str, source: str = "learned") -> object:
    return wildcards(source=source, backbone=backbone)


def test_a_pretraining() -> None:
    ours = weights()
    spec = json.loads(ours.spec(of("alexnet")))
    assert (spec["backbone"], spec["architecture"], spec["image_size"]) == ("alexnet", "original", 64)
    assert ours.pack(of("alexnet")) == "resources/packs/other/64px/photos.npy"
    assert ours.pack(of("resnet34")) == "resources/packs/other/48px/photos.npy"
    assert ours.threads(of("alexnet")) == spec["threads"] == 1


def test_what_most_experiments_wait_for_comes_first_and_of_equals_the_largest() -> None:
    priorities = {name: weights().priority(of(name)) for name in ("alexnet", "resnet34", "resnet50", "vgg11")}
    assert sorted(priorities, key=priorities.__getitem__) == ["resnet50", "vgg11", "resnet34", "alexnet"]


def test_more_is_asked_for_when_it_is_tried_again() -> None:
    ours = weights()
    memory = [ours.memory(of("alexnet"), attempt) for attempt in (1, 2, 3)]
    assert memory[1] == int(memory[0] * 1.5) or memory[1] == int(memory[0] * 3 / 2)
    assert memory[2] == 2 * memory[0]
    assert ours.minutes(of("alexnet"), 2) == 2 * ours.minutes(of("alexnet"), 1)
    assert weights(cuda=True).memory(of("alexnet"), 1) > memory[0]


def test_the_code_is_of_the_backbone_and_the_transforms() -> None:
    (code,) = weights().code(of("alexnet"))
    assert code == weights().network_code(of("alexnet"))
    assert code[0] == "ablation/networks/backbones.py[alexnet]"
    assert weights().network_code(of("vgg11"))[1] != code[1]


def test_published_and_given_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    ours, own = weights(), of("alexnet", "own")
    assert ours.published(of("alexnet", "net")) == "--torchvision IMAGENET1K_V1"
    pinned = f"--timm resnet50.a1_in1k --revision {40 * 'a'} --sha256 {64 * 'b'}"
    assert ours.published(of("timm/resnet50", "hub")) == pinned
    assert ours.published(of("tf_efficientnet_lite0", "hub")) == "--timm tf_efficientnet_lite0"
    assert ours.given(own) == str(tmp_path / "alexnet.pth")
    (tmp_path / "alexnet.pth").write_bytes(b"weights")
    assert ours.given_stamp(own) == stamp(tmp_path / "alexnet.pth")
