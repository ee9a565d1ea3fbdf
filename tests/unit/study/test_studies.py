"""Every overlay in studies/ is a valid study."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.utils import update_config
from tiny import CLASSES, CPU, photos

from ablation.networks import build
from ablation.networks.edits import ORIGINAL
from ablation.study import study
from ablation.training.loop import train
from places import ROOT


def overlaid(name: str) -> study.Study:
    config: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text())
    overlay = yaml.safe_load((ROOT / "studies" / name).read_text())
    update_config(config, overlay)  # as Snakemake merges --configfile
    return study.load(config, ROOT / "workflow/schemas/config.schema.yaml")


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.yaml")), ids=lambda path: path.name)
def test_overlay_is_valid(path: Path) -> None:
    assert overlaid(path.name).experiments


@pytest.mark.parametrize("name", overlaid("modern.yaml").experiments)
def test_what_a_good_practitioner_runs_trains(name: str) -> None:
    """Every recipe of the study, here on a small network, tiny photos and for three epochs."""
    spec = overlaid("modern.yaml").experiments[name].runs()[0]
    head_epochs = min(spec.head_epochs, 1)
    optimizer = replace(spec.optimizer, warmup_epochs=min(spec.optimizer.warmup_epochs, 0.5))
    spec = replace(
        spec,
        **{"backbone": "vit_tiny_patch16_224", "image_size": 32, "batch_size": 4},
        **{"epochs": 3, "head_epochs": head_epochs, "optimizer": optimizer, "threads": 1},
    )
    pack = photos(side=spec.image_size)
    net = build.adapt(build.untouched(spec.backbone), spec.backbone, ORIGINAL, CLASSES, spec.head, 32)
    assert [epoch.epoch for epoch in train(net, spec, pack, CPU).history] == [1, 2, 3]


def test_orchids_is_the_reports_study() -> None:
    orchids = overlaid("orchids.yaml")
    with (ROOT / "studies/orchids.csv").open() as file:
        published = {row["experiment"]: row for row in csv.DictReader(file)}
    assert set(published) == set(orchids.experiments) - {"alexnet-softmax_classes"}
    for name, row in published.items():
        one = orchids.experiments[name]
        ours = (one.spec.backbone, one.augmentation, one.spec.architecture, one.optimizer)
        assert ours == (row["backbone"], row["augmentation"], row["architecture"], row["optimizer"])
        recipe = (
            one.spec.image_size,
            one.spec.batch_size,
            one.spec.weights,
            one.spec.optimizer.learning_rate,
        )
        assert recipe == (224, 64, "imagenet", 0.001)
        assert one.spec.optimizer.weight_decay == (1e-5 if one.optimizer == "adamw" else 0)
    assert orchids.dataset.fields["published"] == "studies/orchids.csv"
