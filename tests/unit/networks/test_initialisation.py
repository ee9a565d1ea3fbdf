"""How a pretraining starts: the networks' first weights, no dropout, and which outputs are trained."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from states import assert_same, outputs, photos, plain
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet

from ablation.networks import build, initialisation, weight_files


def copied(net: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


@pytest.mark.parametrize("backbone", ["resnet34", "resnet50", "resnext50_32x4d"])
@torch.no_grad()
def test_residual_blocks_start_as_the_identity(backbone: str) -> None:
    net = build.untouched(backbone)
    before = copied(net)
    initialisation.initialise(net)
    last = "bn2.weight" if backbone == "resnet34" else "bn3.weight"
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {name for name in before if name.startswith("layer") and name.endswith(last)}
    blocks = [layer for layer in net.modules() if isinstance(layer, (resnet.BasicBlock, resnet.Bottleneck))]
    assert len(blocks) == len(changed)
    for block in blocks:
        inputs = torch.rand(2, block.conv1.in_channels, 4, 4)  # as after the ReLU before
        wanted = inputs if block.downsample is None else functional.relu(block.downsample(inputs))
        assert torch.equal(block(inputs), wanted)


@pytest.fixture(scope="module")
def alexnet() -> nn.Module:
    torch.manual_seed(0)
    net = build.untouched("alexnet")
    initialisation.initialise(net)
    return net


def weighted(net: nn.Module) -> list[Any]:
    return [layer for layer in net.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]


def test_networks_without_batch_norm_start_as_he_proposed(alexnet: nn.Module) -> None:
    *hidden, last = weighted(alexnet)
    assert len(hidden) == 7
    for layer in hidden:
        assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / layer.weight[0].numel()), rel=0.02)
        assert abs(layer.weight.mean().item()) < 0.02 * layer.weight.std().item() + 1e-3
    assert last.weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert all(not layer.bias.any() for layer in (*hidden, last))


def variances(net: nn.Module) -> list[float]:
    """Variance of each layer's outputs over a batch of unit variance."""
    found: list[float] = []
    hooks = [
        layer.register_forward_hook(lambda _layer, _inputs, out: found.append(out.var().item()))
        for layer in weighted(net)
    ]
    with torch.no_grad():
        net.eval()(torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
    for hook in hooks:
        hook.remove()
    return found


def test_the_signal_keeps_its_size_through_a_network_without_batch_norm(alexnet: nn.Module) -> None:
    *hidden, last = variances(alexnet)
    # Of inputs of variance 1. Max pooling lets it grow, by a factor of 5 in the standard deviation.
    assert all(1 / 6 < variance**0.5 < 6 for variance in hidden)
    assert last < hidden[-1] / 2
    # PyTorch's own initialisation loses it.
    torch.manual_seed(0)
    assert variances(build.untouched("alexnet"))[-2] < 0.01


def test_dropout_is_off(alexnet: nn.Module) -> None:
    googlenet = build.untouched("googlenet")
    before = copied(googlenet)
    initialisation.initialise(googlenet)
    for net, count in ((alexnet, 2), (googlenet, 1)):
        assert [layer.p for layer in net.modules() if isinstance(layer, nn.Dropout)] == [0.0] * count
    assert_same(googlenet.state_dict(), before)


def test_dropout_is_on_in_every_other_training(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    weight_files.write_weights(path, plain(), {})
    for weights in (path, None):
        net = build.pretrained("googlenet", weights)
        assert [layer.p for layer in net.modules() if isinstance(layer, nn.Dropout)] == [0.2]


# --- use_first_outputs ------------------------------------------------------------------------------


def test_only_the_first_outputs_are_trained() -> None:
    net = build.untouched("googlenet")
    whole_outputs = outputs(net)
    hook = initialisation.use_first_outputs(net, 3)
    assert torch.equal(outputs(net), whole_outputs[:, :3])
    functional.cross_entropy(net.train()(photos()), torch.tensor([0, 2])).backward()
    for gradient in (net.fc.weight.grad, net.fc.bias.grad):
        assert gradient[:3].flatten(1 if gradient.dim() > 1 else 0).any(-1).all()
        assert not gradient[3:].any()
    assert net.conv1.conv.weight.grad.any()
    hook.remove()
    assert net(photos()).shape == (2, 1000)
