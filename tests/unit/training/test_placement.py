"""Networks as they are laid on a device compute what they did before."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
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


sides = st.tuples(st.sampled_from([1, 6, 7]), st.integers(1, 5))


@settings(deadline=None, max_examples=200)
@given(
    high=sides,
    wide=sides,
    batch=st.integers(0, 3),
    channels=st.integers(1, 17),
    last=st.booleans(),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
    more=st.sampled_from([0, 0, 0, 1]),
    seed=st.integers(0, 99),
)
def test_repeatable_pooling_equals_pytorchs(
    high: tuple[int, int],
    wide: tuple[int, int],
    batch: int,
    channels: int,
    last: bool,
    dtype: torch.dtype,
    more: int,
    seed: int,
) -> None:
    """Values, gradients and layout; with one pixel `more` most sizes do not divide the photos'."""
    torch.manual_seed(seed)
    layout = torch.channels_last if last else torch.contiguous_format
    size = high[0], wide[0]
    shape = batch, channels, high[0] * high[1] + more, wide[0] * wide[1]
    photos = torch.randn(shape).to(dtype=dtype, memory_format=layout)
    gradient = torch.randn(batch, channels, *size).to(dtype=dtype, memory_format=layout)
    found = []
    for kind in (placement.RepeatableAvgPool2d, nn.AdaptiveAvgPool2d):
        inputs = photos.clone().requires_grad_()
        outputs = kind(size)(inputs)
        outputs.backward(gradient)
        found.append((outputs, inputs.grad))
    # One divides by the number of pixels, the other by height and then by width.
    window = shape[2] // size[0], shape[3] // size[1]
    same = size == (1, 1) or shape[2] % size[0] or any(side & (side - 1) == 0 for side in window)
    for ours, theirs in zip(*found, strict=True):
        if batch:
            assert ours.is_contiguous(memory_format=layout) == theirs.is_contiguous(memory_format=layout)
        torch.testing.assert_close(ours, theirs, **({"rtol": 0, "atol": 0} if same else {}))


@pytest.mark.parametrize(("device", "kind"), [("cpu", nn.AdaptiveAvgPool2d), ("meta", None)])
def test_pooling_is_made_repeatable_elsewhere_than_on_a_cpu(device: str, kind: Any) -> None:
    net = placement.place(nn.Sequential(nn.AdaptiveAvgPool2d((6, 6))), torch.device(device))
    assert type(net[0]) is (kind or placement.RepeatableAvgPool2d)  # type: ignore[index]


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
