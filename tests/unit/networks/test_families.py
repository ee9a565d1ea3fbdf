"""Every family of networks takes a head, a step forward and a step backward."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ablation.networks import build, needs, weight_files
from ablation.networks.backbones import BACKBONES, lines, row_of
from ablation.networks.edits import ORIGINAL
from ablation.spec import Optimizer
from ablation.training import parts, rates

CLASSES = 5
TORCHVISION = (
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "googlenet"),
    *("inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf"),
    *("regnet_y_400mf", "resnet18", "resnext50_32x4d", "shufflenet_v2_x0_5", "squeezenet1_0", "swin_t"),
    *("swin_v2_t", "vgg11", "vgg11_bn", "vit_b_32", "wide_resnet50_2"),
)
TIMM = {
    "convolutional": (
        *("timm/resnet18", "seresnet18", "resnetv2_50", "timm/efficientnet_b0", "mobilenetv4_conv_small"),
        *("convnext_atto", "convnextv2_atto", "regnety_002", "densenetblur121d", "dla34", "dpn48b"),
        *("ghostnet_100", "hrnet_w18_small", "lcnet_050", "nf_regnet_b0", "repvgg_a0", "rexnet_100"),
        *("tinynet_e", "xception41", "hardcorenas_a", "fbnetc_100", "selecsls42b", "inception_next_atto"),
    ),
    "transformer": (
        *("vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224", "swin_tiny_patch4_window7_224"),
        *("swinv2_cr_tiny_ns_224", "beit_base_patch16_224", "cait_xxs24_224", "eva02_tiny_patch14_224"),
        *("pit_ti_224", "twins_svt_small", "xcit_nano_12_p16_224", "pvt_v2_b0", "mvitv2_tiny"),
        *("hiera_tiny_224", "crossvit_tiny_240", "volo_d1_224", "tnt_s_legacy_patch16_224"),
    ),
    "hybrid": (
        *("coatnet_nano_rw_224", "levit_128s", "mobilevit_xxs", "edgenext_xx_small", "efficientformer_l1"),
        *("fastvit_t8", "poolformer_s12", "efficientvit_b0", "maxvit_tiny_tf_224", "convit_tiny"),
        *("tiny_vit_5m_224", "visformer_tiny", "mixer_s32_224", "gmlp_ti16_224", "resmlp_12_224"),
        *("bat_resnext26ts", "botnet26t_256", "coat_lite_tiny"),
    ),
}
# Heads of several layers, or with more than one in a row.
HEADS = (
    "caformer_s18",
    "efficientvim_m1_dist",
    "levit_256d",
    "repvit_m1",
    "sequencer2d_s",
    "pit_ti_distilled_224",
)
NAMES = [*TORCHVISION, *(name for kind in TIMM.values() for name in kind)]
QUICK = ("squeezenet1_0", "mobilenet_v3_small", "timm/resnet18", "vit_tiny_patch16_224", "edgenext_xx_small")


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
