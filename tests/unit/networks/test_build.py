"""Networks from weight files, restored, counted and described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from light import CLASSES, LIGHT, about, torchvisions, weights
from meta import NETWORKS, PARAMETERS, on_meta
from states import outputs, photos
from torch import nn
from weights import assert_refused

from ablation.networks import build, edits, weight_files
from ablation.networks.edits import EDITS


@pytest.mark.parametrize("backbone", LIGHT)
def test_a_pretrained_network_is_torchvisions(backbone: str, pretrained_files: dict[str, Path]) -> None:
    net = build.pretrained(backbone, pretrained_files[backbone])
    assert torch.equal(outputs(net), outputs(torchvisions(backbone)))
    assert all(p.requires_grad and p.device.type == "cpu" for p in net.parameters())


def test_googlenet_transforms_its_input(pretrained_files: dict[str, Path]) -> None:
    net = build.pretrained("googlenet", pretrained_files["googlenet"])
    assert not torch.equal(outputs(net), outputs(torchvisions("googlenet", transform_input=False)))


@pytest.mark.parametrize("backbone", LIGHT)
def test_a_trained_network_is_restored_bit_for_bit(backbone: str, tmp_path: Path) -> None:
    net = torchvisions(backbone)
    net.fc = nn.Sequential(net.fc, nn.ReLU(), nn.Linear(1000, len(CLASSES)))
    weight_files.write_weights(tmp_path / "run.safetensors", net.state_dict(), about(backbone))
    restored, read_about = build.restore(tmp_path / "run.safetensors")
    assert read_about == about(backbone)
    assert not restored.training
    with torch.no_grad():
        assert torch.equal(restored(photos()), outputs(net))
    assert all(p.requires_grad and p.device.type == "cpu" for p in restored.parameters())


def test_restore_repeats_the_architecture_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit = edits.Edit(lambda net: net.fc.append(nn.Softmax(dim=1)), backbones=("googlenet",))
    monkeypatch.setitem(EDITS.own, "softmax_fc", edit)  # type: ignore[attr-defined]
    net = build.adapt(torchvisions("googlenet"), "googlenet", "softmax_fc", len(CLASSES))
    path = tmp_path / "run.safetensors"
    weight_files.write_weights(path, net.state_dict(), about("googlenet", "softmax_fc"))
    restored = outputs(build.restore(path)[0])
    assert torch.equal(restored, outputs(net))
    torch.testing.assert_close(restored.sum(1), torch.ones(2))


def test_training_on_leaves_the_file_as_it_is(pretrained_files: dict[str, Path]) -> None:
    path = pretrained_files["googlenet"]
    before = path.read_bytes()
    net = build.pretrained("googlenet", path)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(1)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("backbone", "other"), [("googlenet", "resnet34"), ("alexnet", "googlenet")])
def test_weights_of_another_backbone_are_refused(
    backbone: str, other: str, pretrained_files: dict[str, Path]
) -> None:
    path = pretrained_files[other]
    assert_refused(lambda: build.pretrained(backbone, path), str(path))


@pytest.mark.parametrize("change", ["missing", "surplus", "shape"])
def test_a_tensor_that_does_not_fit_is_refused(change: str, tmp_path: Path) -> None:
    state = dict(weights("googlenet"))
    if change == "missing":
        del state["conv1.conv.weight"]
    elif change == "surplus":
        state["conv1.conv.bias"] = torch.zeros(64)
    else:
        state["fc.weight"] = torch.zeros(999, 1024)
    path = tmp_path / "odd.safetensors"
    with torch.device("meta"):
        net = build.untouched("googlenet")
    assert_refused(lambda: build.load_state(net, state, path), str(path))


@pytest.mark.parametrize(
    "header",
    [
        {},
        about("no_such_backbone"),
        about("googlenet", "no_such_edit"),
        about("googlenet") | {"classes": None},
        ["not", "a", "table"],
    ],
)
def test_a_file_that_is_not_of_a_run_cannot_be_restored(header: Any, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    weight_files.write_weights(path, {"a": torch.ones(2)}, header)
    assert_refused(lambda: build.restore(path), str(path))


def test_frozen_parameters_are_not_counted() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    net[0].requires_grad_(False)
    assert build.trainable_parameters(net) == 4 * 2 + 2


@NETWORKS
def test_describe_counts_every_layer(backbone: str, architecture: str) -> None:
    net = on_meta(backbone, architecture)
    *rows, total = build.describe(net).splitlines()
    layers = {name: layer for name, layer in net.named_modules() if not list(layer.children())}
    assert [row.split()[0] for row in rows] == list(layers)
    counts = [int(row.split()[-1].replace(",", "")) for row in rows]
    assert counts == [sum(p.numel() for p in layer.parameters()) for layer in layers.values()]
    for row, layer in zip(rows, layers.values(), strict=True):
        assert str(layer) in row
    assert total.split() == ["trainable", "parameters", f"{PARAMETERS[backbone, architecture]:,}"]
    assert sum(counts) == PARAMETERS[backbone, architecture]
    assert len({len(row) for row in [*rows, total]}) == 1
