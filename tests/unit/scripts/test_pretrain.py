"""The script that pretrains."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from stages import run
from states import outputs, plain

from ablation.networks import build, weight_files
from ablation.photos import indexing, manifest, packing
from ablation.spec import Optimizer, Spec


def make_pack(folder: Path) -> Path:
    """Eight photos of two classes, six of which train."""
    rng = np.random.default_rng(0)
    for category in ("lily", "rose"):
        (folder / "photos" / category).mkdir(parents=True)
        for number in range(4):
            pixels = rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / category / f"{number}.png")
    manifest.write(indexing.index(folder / "photos", 0.75, 0).entries, folder / "manifest.csv")
    packing.build(folder / "photos", folder / "manifest.csv", 48, folder / "pack")
    return folder / "pack"


def test_pretraining_makes_a_weight_file(tmp_path: Path) -> None:
    spec = Spec(
        backbone="googlenet",
        architecture="original",
        augmentation=(),
        optimizer=Optimizer("sgd", learning_rate=0.01, momentum=0.0, weight_decay=0.0, schedule="constant"),
        weights="none",
        image_size=48,
        batch_size=4,
        epochs=1,
        patience=1,
        precision="fp32",
        seed=5,
    )
    path, history = tmp_path / "out" / "w.safetensors", tmp_path / "out" / "history.csv"
    places = ("--pack", make_pack(tmp_path), "--output", path, "--history", history)
    ended = run("pretrain", "--spec", spec.to_json(), *places)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.fullmatch(r"epoch 1: train loss [^\n]+ s\n", ended.stdout)
    with history.open(newline="", encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1"]

    state, about = weight_files.read_weights(path)
    expected = {"mean": [0.0] * 3, "std": [1.0] * 3, "size": 48}
    assert about.pop("input") == expected | {"interpolation": "bilinear", "resize": "squash"}
    assert about == {"backbone": "googlenet", "source": "pretraining", "best_epoch": 1}
    assert {name: value.shape for name, value in state.items()} == {
        name: value.shape for name, value in plain().items()
    }
    net = build.pretrained("googlenet", path)
    assert outputs(net).shape == (2, 1000)
    assert outputs(net).isfinite().all()
    # Two of the outputs were trained, from what the spec's seed gives.
    torch.manual_seed(spec.seed)
    start = build.untouched("googlenet").state_dict()
    assert torch.equal(state["fc.weight"][2:], start["fc.weight"][2:])
    for name in ("fc.weight", "conv1.conv.weight"):
        assert not torch.equal(state[name][:2], start[name][:2])
        torch.testing.assert_close(state[name], start[name], atol=0.2, rtol=0)
    assert sorted(file.name for file in path.parent.iterdir()) == ["history.csv", "w.safetensors"]
