"""Depthwise convolutions compute what PyTorch's own do, and so do their gradients."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import timm
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from states import assert_same
from timm.layers import Conv2dSame
from tiny import CPU, state_of
from torch import Tensor, nn

from ablation.training import depthwise, placement

# What differs is in what order sums are taken, and that bf16 is rounded once where PyTorch's own is, too.
TOLERANCES = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 1e-2}
LAST: Any = {"memory_format": torch.channels_last}
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


def found(layer: nn.Module, photos: Tensor, gradient_seed: int) -> list[Tensor]:
    """Return outputs, the photos' gradient and those of the parameters."""
    inputs = photos.clone().requires_grad_()
    outputs = layer(inputs)
    generator = torch.Generator().manual_seed(gradient_seed)
    # In bf16 too a value of it: the same for all precisions.
    gradient = torch.randn(outputs.shape, generator=generator).bfloat16()
    outputs.backward(gradient.to(outputs.dtype).contiguous(**LAST))
    assert inputs.grad is not None
    gradients = [parameter.grad for parameter in layer.parameters()]
    return [outputs.detach(), inputs.grad, *(one for one in gradients if one is not None)]


def assert_agrees(theirs: nn.Module, photos: Tensor, dtype: torch.dtype) -> None:
    """Compare a placed layer in a precision with PyTorch's own in float64, of the same values."""
    theirs, photos = theirs.to(dtype), photos.to(dtype)
    ours = placement.place(copy.deepcopy(theirs), CPU)
    assert type(ours) is not type(theirs)
    exact = found(theirs.double(), photos.double(), 1)
    for one, other in zip(found(ours, photos, 1), exact, strict=True):
        assert one.dtype == dtype
        largest = float(other.abs().max()) if other.numel() else 0.0
        torch.testing.assert_close(one.double(), other, rtol=0, atol=TOLERANCES[dtype] * max(largest, 1))


@settings(deadline=None, max_examples=150)
@given(
    kernel=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    stride=pairs,
    padding=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    size=st.tuples(st.integers(1, 15), st.integers(1, 15)),
    batch=st.integers(0, 3),
    channels=st.sampled_from([2, 3, 16, 17, 40]),
    bias=st.booleans(),
    last=st.booleans(),
    dtype=st.sampled_from(list(TOLERANCES)),
    seed=st.integers(0, 99),
)
def test_it_equals_pytorchs(
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    size: tuple[int, int],
    batch: int,
    channels: int,
    bias: bool,
    last: bool,
    dtype: torch.dtype,
    seed: int,
) -> None:
    assume(kernel != (1, 1))
    assume(all(s + 2 * p >= k for s, p, k in zip(size, padding, kernel, strict=True)))
    torch.manual_seed(seed)
    layer = nn.Conv2d(channels, channels, kernel, stride, padding, groups=channels, bias=bias)
    photos = torch.randn(batch, channels, *size)
    assert_agrees(layer, photos.contiguous(**LAST) if last else photos, dtype)


@pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [3, 5, 7])
@pytest.mark.parametrize("side", [2, 7, 14, 29])
def test_it_equals_pytorchs_where_networks_have_it(
    kernel: int, stride: int, side: int, dtype: torch.dtype
) -> None:
    """Padded by half of the kernel, of one photo too."""
    torch.manual_seed(0)
    for batch in (1, 4):
        layer = nn.Conv2d(24, 24, kernel, stride, kernel // 2, groups=24)
        assert_agrees(layer, torch.randn(batch, 24, side, side).contiguous(**LAST), dtype)


@pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("side", [1, 4, 7, 14])
def test_timms_padding_is_kept(kernel: int, side: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    layer = Conv2dSame(18, 18, kernel, stride=2, groups=18, bias=False)
    assert_agrees(layer, torch.randn(2, 18, side, side + 3).contiguous(**LAST), dtype)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_its_gradients_are_those_of_its_values(kernel: int, stride: int) -> None:
    torch.manual_seed(0)
    photos = torch.randn(2, 3, 6, 7, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, 1, kernel, kernel, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(3, dtype=torch.float64, requires_grad=True)
    padding, steps = (kernel // 2, kernel // 2), (stride, stride)
    assert torch.autograd.gradcheck(depthwise.depthwise, (photos, weight, bias, steps, padding))


@pytest.mark.parametrize("trains", ["photos", "weight", "bias"])
def test_each_gradient_is_found_alone(trains: str) -> None:
    torch.manual_seed(0)
    given = {"photos": torch.randn(2, 3, 6, 6), "weight": torch.randn(3, 1, 5, 5), "bias": torch.randn(3)}
    given[trains].requires_grad_()
    depthwise.depthwise(*given.values(), (1, 1), (2, 2)).square().sum().backward()
    found = given[trains].grad
    given[trains].grad = None
    torch.conv2d(*given.values(), 1, 2, 1, 3).square().sum().backward()
    torch.testing.assert_close(found, given[trains].grad, rtol=1e-4, atol=1e-4)


def test_it_computes_in_autocasts_precision() -> None:
    """Parameters and their gradients stay in float32."""
    torch.manual_seed(0)
    theirs = nn.Conv2d(32, 32, 7, padding=3, groups=32).to(**LAST)  # type: ignore[call-overload]
    photos = torch.randn(2, 32, 9, 9).contiguous(**LAST)
    with torch.autocast("cpu", torch.bfloat16):
        both = [found(layer, photos, 1) for layer in (placement.place(copy.deepcopy(theirs), CPU), theirs)]
    for one, other in zip(*both, strict=True):
        assert one.dtype == other.dtype
        torch.testing.assert_close(one, other, rtol=0, atol=0.01 * float(other.abs().max()))


def test_it_repeats_its_bytes() -> None:
    torch.manual_seed(0)
    layer = placement.place(nn.Conv2d(40, 40, 5, padding=2, groups=40), CPU)
    photos = torch.randn(8, 40, 14, 14).contiguous(**LAST)
    runs = []
    for _ in range(3):
        layer.zero_grad()
        runs.append(found(layer, photos, 1))
    for again in runs[1:]:
        assert all(map(torch.equal, again, runs[0]))


def test_without_gradients_it_is_pytorchs() -> None:
    theirs = nn.Conv2d(8, 8, 3, groups=8).to(**LAST)  # type: ignore[call-overload]
    photos = torch.randn(2, 8, 5, 5).contiguous(**LAST)
    with torch.no_grad():
        assert torch.equal(placement.place(copy.deepcopy(theirs), CPU)(photos), theirs(photos))


class Other(nn.Conv2d):
    """A subclass, which may compute anything."""


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 4, 3, groups=2),
        nn.Conv2d(4, 8, 3, groups=4),
        nn.Conv2d(4, 4, 3, groups=4, dilation=2),
        nn.Conv2d(4, 4, 3, groups=4, padding="same"),
        nn.Conv2d(4, 4, 3, groups=4, padding=1, padding_mode="reflect"),
        nn.Conv2d(1, 1, 3),
        Other(4, 4, 3, groups=4),
        Conv2dSame(4, 4, 3, stride=2),
        nn.Conv1d(4, 4, 3, groups=4),
    ],
    ids=str,
)
def test_other_layers_stay(layer: nn.Module) -> None:
    assert type(placement.place(copy.deepcopy(layer), CPU)) is type(layer)


def test_on_other_devices_it_stays() -> None:
    layer = nn.Conv2d(4, 4, 3, groups=4)
    assert type(placement.place(layer, torch.device("meta"))) is nn.Conv2d


def test_a_placed_network_has_the_same_weights_and_outputs_and_can_be_copied() -> None:
    net = timm.create_model("tf_efficientnet_lite0", num_classes=7).eval()
    torch.manual_seed(0)
    photos = torch.randn(2, 3, 64, 64)
    before, weights = net(photos).detach(), state_of(net)
    placed = placement.place(net, CPU)
    kinds = [type(layer) for layer in placed.modules()]
    assert kinds.count(depthwise.DepthwiseConv2d) == 12
    assert kinds.count(depthwise.SameDepthwiseConv2d) == 4
    for one in (placed, copy.deepcopy(placed), pickle.loads(pickle.dumps(placed))):
        torch.testing.assert_close(one(photos), before, atol=1e-4, rtol=1e-4)
        assert_same(state_of(one), weights)
