"""Networks as they are laid on a device compute what they did before."""

from __future__ import annotations

import copy

import pytest
import torch
import torchvision
from states import assert_same
from tiny import CPU, state_of
from torch import nn

from ablation.training import placement


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("stride", [1, 2, (3, 1)])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 7)])
def test_a_pointwise_convolution_equals_pytorchs(
    bias: bool, stride: int | tuple[int, int], size: tuple[int, int]
) -> None:
    """Values and gradients, and the layout of both."""
    torch.manual_seed(0)
    theirs = nn.Conv2d(8, 5, 1, stride=stride, bias=bias).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    ours = placement.place(copy.deepcopy(theirs), CPU)
    assert type(ours) is placement.PointwiseConv2d
    photos = torch.randn(4, 8, *size).to(memory_format=torch.channels_last)
    found = []
    for layer in (ours, theirs):
        inputs = photos.clone().requires_grad_()
        outputs = layer(inputs)
        outputs.square().sum().backward()
        assert outputs.is_contiguous(memory_format=torch.channels_last)
        found.append([outputs, inputs.grad, *(parameter.grad for parameter in layer.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 4, 3),
        nn.Conv2d(4, 4, (1, 2)),
        nn.Conv2d(4, 4, 1, padding=1),
        nn.Conv2d(4, 4, 1, groups=2),
        nn.Linear(4, 4),
    ],
    ids=str,
)
def test_other_layers_stay(layer: nn.Module) -> None:
    assert type(placement.place(copy.deepcopy(layer), CPU)) is type(layer)


def test_a_placed_network_has_the_same_weights_and_outputs() -> None:
    net = torchvision.models.resnet50(num_classes=7).eval()
    torch.manual_seed(0)
    photos = torch.randn(2, 3, 64, 64)
    before, weights = net(photos), state_of(net)
    torch.testing.assert_close(placement.place(net, CPU)(photos), before, atol=1e-4, rtol=1e-4)
    assert_same(state_of(net), weights)
