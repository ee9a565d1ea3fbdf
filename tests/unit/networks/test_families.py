"""Every family of networks takes a head, a step forward and a step backward."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from families import HEADS, NAMES, QUICK, TIMM, TORCHVISION
from torch import Tensor, nn
from torch.nn import functional

from ablation.networks import build, needs, weight_files
from ablation.networks.backbones import BACKBONES, lines, row_of
from ablation.networks.edits import ORIGINAL
from ablation.spec import Optimizer
from ablation.training import parts, rates

CLASSES = 5


def test_families_are_all_of_torchvisions_and_many_of_timms() -> None:
    def family(name: str) -> str:
        return name.rstrip("0123456789bmflgx").split("_")[0].rstrip("0123456789")

    torchvisions = [name for name in lines() if row_of(name).library == "torchvision"]
    assert {family(name) for name in (*torchvisions, *BACKBONES)} == {family(name) for name in TORCHVISION}
    assert min(map(len, TIMM.values())) > 15
    assert sum(map(len, TIMM.values())) > 50


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NAMES]
)
def test_a_network_takes_a_head_and_a_step(name: str) -> None:
    torch.manual_seed(0)
    net, side = build.untouched(name), needs.minimum_size(name, ORIGINAL)
    before = tensors(net)
    build.adapt(net, name, ORIGINAL, CLASSES, needs.LINEAR, side)
    fresh = {key for key, value in tensors(net).items() if before.get(key) is not value}
    places = {key for key in fresh if "head" not in key and "fc" not in key and "classifier" not in key}
    # Besides the head only what knows of the photos' places is new, where their size is not the usual one.
    assert not places or row_of(name).resized
    head = [value for key, value in net.named_parameters() if key in fresh - places]
    # Some normalise what comes before it anew, too.
    assert CLASSES in {len(value) for value in head}
    outputs = net.train()(torch.rand(2, 3, side, side))
    assert outputs.shape == (2, CLASSES)
    functional.cross_entropy(outputs, torch.tensor([0, 3])).backward()
    assert all(value.grad is not None and value.grad.any() for value in head)
    others = [value for key, value in net.named_parameters() if key not in fresh]
    assert sum(value.grad is not None for value in others) > 0.9 * len(others)
    # All outputs are made by the head: without it there are none.
    with torch.no_grad():
        for value in parts.head_of(net).parameters():
            value.zero_()
        assert not net.eval()(torch.rand(2, 3, side, side)).any()


def adapted(name: str) -> tuple[nn.Module, set[nn.Parameter]]:
    """A network with its head and no memory, and which of its parameters are fresh."""
    try:
        with torch.device("meta"):
            net = build.untouched(name)
    except NotImplementedError:  # RegNets compute their widths with tensors
        net = build.untouched(name)
    before = set(net.parameters())
    build.adapt(net, name, ORIGINAL, CLASSES, needs.LINEAR)
    return net, set(net.parameters()) - before


@pytest.mark.parametrize("name", [*NAMES, *HEADS])
def test_the_head_is_what_is_fresh_for_the_classes(name: str) -> None:
    net, fresh = adapted(name)
    head = set(parts.head_of(net).parameters())
    assert head
    assert head <= fresh
    # Some normalise anew what comes before it.
    assert all(value.ndim == 1 and len(value) != CLASSES for value in fresh - head)


@pytest.mark.parametrize("name", [*NAMES, *HEADS])
def test_rates_decay_from_the_head_to_the_first_layer(name: str) -> None:
    net, _ = adapted(name)
    head = parts.head_of(net)
    values = Optimizer("sgd", 1.0, 0.0, 0.0, "constant", layer_decay=0.5)
    found = dict(zip(net.parameters(), rates.rates(net, head, values), strict=True))
    assert {found[value] for value in head.parameters()} == {1.0}
    body = [found[value] for value in net.parameters() if value not in set(head.parameters())]
    depths = {round(math.log2(1 / rate)) for rate in body}
    # Each group of layers has the rate of its place.
    assert depths <= set(range(max(depths) + 1))
    assert len(depths) >= (2 if name in ("alexnet", "vgg11") else 3)
    # What looks at pixels is among the slowest.
    first = next(found[value] for value in net.parameters() if value.ndim == 4)
    assert min(body) <= first <= 4 * min(body)


def tensors(net: nn.Module) -> dict[str, Tensor]:
    return dict(net.named_parameters())


@pytest.mark.parametrize(
    "name",
    [
        *("timm/resnet18", "vit_tiny_patch16_224", "levit_128s"),
        *(
            pytest.param(one, marks=pytest.mark.slow)
            for one in ("inception_v3", "vit_b_32", "swin_tiny_patch4_window7_224", "eva02_tiny_patch14_224")
        ),
    ],
)
def test_weights_of_the_usual_size_start_trainings_of_another_and_are_restored(
    name: str, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    its, path = row_of(name), tmp_path / "start.safetensors"
    side = max(64, its.minimum_size)
    usual = build.untouched(name)
    weight_files.write_weights(path, usual.state_dict(), {})
    net = build.pretrained(name, path)
    photos = torch.rand(2, 3, its.usual_size, its.usual_size)
    with torch.no_grad():
        assert torch.equal(net.eval()(photos), usual.eval()(photos))
    build.adapt(net, name, ORIGINAL, CLASSES, needs.LINEAR, side)
    about = {"backbone": name, "architecture": ORIGINAL, "head": needs.LINEAR, "image_size": side}
    weight_files.write_weights(path, net.state_dict(), {**about, "classes": ["a"] * CLASSES})
    restored, _ = build.restore(path)
    photos = torch.rand(2, 3, side, side)
    with torch.no_grad():
        assert torch.equal(restored(photos), net.eval()(photos))
