"""Every network has a layer with places, whatever its family, its edit and the size of its photos."""

from __future__ import annotations

import pytest
import torch
from families import HEADS, NAMES, QUICK
from torch import nn

from ablation.networks import build, needs
from ablation.networks.backbones import BACKBONES, row_of
from ablation.networks.edits import EDITS, ORIGINAL
from ablation.prediction import layers
from ablation.prediction.activation import grad_cam
from ablation.prediction.layers import Layer

CLASSES = 5
EDITED = [(name, edit) for edit, its in EDITS.items() for name in its.backbones]
REPORTS = [*((name, ORIGINAL) for name in BACKBONES), *EDITED]
# Of photos of their usual size: the layer before the last pooling, or what the last attention looks at.
KNOWN = {
    "alexnet": Layer("features.11", 13, 13, layers.FIRST),
    "googlenet": Layer("inception5b", 7, 7, layers.FIRST),
    "resnet50": Layer("layer4", 7, 7, layers.FIRST),
    "squeezenet1_0": Layer("classifier.2", 13, 13, layers.FIRST),
    "mobilenet_v3_small": Layer("features", 7, 7, layers.FIRST),
    "vit_b_32": Layer("encoder.layers.encoder_layer_11.ln_1", 7, 7, layers.TOKENS),
    "timm/resnet18": Layer("layer4", 7, 7, layers.FIRST),
    "vit_tiny_patch16_224": Layer("blocks.11.norm1", 14, 14, layers.TOKENS),
    "swin_tiny_patch4_window7_224": Layer("norm", 7, 7, layers.LAST),
    "mixer_s32_224": Layer("norm", 7, 7, layers.TOKENS),
}


def network(name: str, edit: str, side: int) -> nn.Module:
    torch.manual_seed(0)
    return build.adapt(build.untouched(name), name, edit, CLASSES, needs.REPORT, side).eval()


def photo(side: int) -> torch.Tensor:
    return torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))


def has_maps(name: str, edit: str, side: int) -> None:
    """Check that a network has a layer with places, and that they speak for classes."""
    net, values = network(name, edit, side), photo(side)
    with torch.no_grad():
        before = net(values)
    layer = layers.last(net, values)
    assert layer is not None
    # As many as there are pixels for, which CrossViT makes more by itself: more would be no places.
    assert 2 <= layer.rows == layer.columns <= max(side, row_of(name).usual_size) // 4
    maps = [grad_cam(net, layer, values, label) for label in range(CLASSES)]
    assert {one.shape for one in maps} == {(layer.rows, layer.columns)}
    assert all((one >= 0).all() for one in maps)
    # Of five random classes some have what speaks for them.
    assert any(one.any() for one in maps)
    with torch.no_grad():
        assert torch.equal(net(values), before)


@pytest.mark.parametrize(("name", "edit"), REPORTS)
def test_of_the_reports_networks_and_edits(name: str, edit: str) -> None:
    has_maps(name, edit, max(needs.minimum_size(name, edit), 64))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in (*NAMES, *HEADS)]
)
def test_of_every_family(name: str) -> None:
    least = needs.minimum_size(name, ORIGINAL)
    has_maps(name, ORIGINAL, max(least, 64) if row_of(name).step == 1 else least)


@pytest.mark.parametrize("name", KNOWN)
def test_which_layer_it_is(name: str) -> None:
    assert layers.last(network(name, ORIGINAL, 224), photo(224)) == KNOWN[name]


def test_of_as_many_classes_as_rows_it_is_the_layer_before() -> None:
    """SqueezeNet has a channel for each class, and with three of them 3 x 3 x 3 outputs."""
    net = build.adapt(build.untouched("squeezenet1_1"), "squeezenet1_1", ORIGINAL, 3).eval()
    assert layers.last(net, photo(64)) == Layer("classifier.0", 3, 3, layers.FIRST)


@pytest.mark.parametrize("form", [layers.FIRST, layers.LAST, layers.TOKENS])
def test_places_of_an_output_and_back(form: str) -> None:
    shape = {layers.FIRST: (1, 5, 3, 3), layers.LAST: (1, 3, 3, 5), layers.TOKENS: (1, 11, 5)}[form]
    layer, output = Layer("a", 3, 3, form), torch.rand(shape).bfloat16()
    places = layer.places(output)
    assert places.shape == (1, 5, 3, 3)
    assert places.dtype == torch.float32
    back = layer.output(places, output)
    assert back.dtype == output.dtype
    assert torch.equal(back, output)
    # A row of the photo after the other, the tokens for no place before them.
    expected = {
        layers.FIRST: lambda: output[0, :, 1, 2],
        layers.LAST: lambda: output[0, 1, 2],
        layers.TOKENS: lambda: output[0, 2 + 5],
    }
    assert torch.equal(places[0, :, 1, 2], expected[form]().float())
