"""Configurations for tests: the default one, a small one, changes to them and what they are refused with."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from ablation.running.errors import UserError
from ablation.study import study
from places import ROOT, SCHEMA

DEFAULT: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
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
  packed: {source: package}
  hub: {source: timm, files: {resnet50.a1_in1k: {revision: REVISION, sha256: SHA256}}}
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
""".replace("REVISION", 40 * "a").replace("SHA256", 64 * "b")
# Ten lists of ten, each of the one before: few lines that stand for 10^10 values.
LAUGHS = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"] + [
    f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(9)
]
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
    """Check a configuration and resolve it."""
    return study.load(config, SCHEMA)


def specs(config: dict[str, Any]) -> dict[str, str]:
    """The spec of every experiment, as JSON."""
    return {name: found.spec.to_json() for name, found in load(config).experiments.items()}


def refusal(config: Any) -> str:
    """The message with which a configuration is refused: one line."""
    with pytest.raises(UserError) as caught:
        load(config)
    message = str(caught.value)
    assert message.startswith("config: ")
    assert len(message.splitlines()) == 1
    return message
