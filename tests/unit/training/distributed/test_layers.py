"""Layers over several processes compute what one's do over the batch."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from timm.layers import BatchNormAct2d
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torchvision.ops import StochasticDepth

from ablation.networks import backbones, build
from ablation.running.errors import UserError
from ablation.training import placement
from ablation.training.distributed import layers
from ablation.training.distributed.group import Group
from ablation.training.distributed.layers import SharedBatchNorm2d

CPU = torch.device("cpu")


@dataclass
class Threads(Group):
    """A process of a group, as a thread: all have the same `meeting` and `values`."""

    meeting: threading.Barrier = field(default_factory=lambda: threading.Barrier(1))
    values: list[Tensor] = field(default_factory=list)

    def sum(self, values: Tensor) -> Tensor:
        self.values[self.rank] = values
        self.meeting.wait(60)
        total = torch.stack(self.values).sum(0)
        self.meeting.wait(60)
        return total


def in_threads(size: int, batch: int, work: Callable[[Group], Any]) -> list[Any]:
    """Call `work` in every process of a group; return what each call returned."""
    meeting, values = threading.Barrier(size), [torch.zeros(())] * size
    groups = [Threads(rank, size, batch, meeting, values) for rank in range(size)]
    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(work, groups))


def shared(layer: nn.Module, group: Group) -> Any:
    """A copy of a layer, as one process of a group has it."""
    found: Any = copy.deepcopy(layer)
    found.__class__ = layers.shared(layer)
    found.group = group
    return found


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


@settings(deadline=None, max_examples=60)
@given(
    batch=st.integers(1, 7),
    size=st.integers(1, 4),
    sides=st.tuples(st.integers(1, 3), st.integers(2, 3)),
    mean=st.sampled_from([0.0, -3.0, 1e4]),
    seed=st.integers(0, 99),
    last=st.booleans(),
)
def test_batch_norm_over_processes_equals_pytorchs_over_the_batch(
    batch: int, size: int, sides: tuple[int, int], mean: float, seed: int, last: bool
) -> None:
    """Outputs, gradients and running statistics in double precision, of two steps; shards may be empty."""
    layer = nn.BatchNorm2d(3, eps=1e-3).double()
    nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(seed))
    nn.init.normal_(layer.bias, generator=torch.Generator().manual_seed(seed))
    layout = torch.channels_last if last else torch.contiguous_format
    steps = [
        [noise(seed + k, batch, 3, *sides).to(memory_format=layout) for k in (step, step + 100)]
        for step in (0, 200)
    ]

    def trained(layer: Any, rows: slice) -> list[Tensor]:
        found = []
        for photos, gradient in steps:
            own = (photos[rows] * 2 + mean).requires_grad_()
            outputs = layer(own)
            outputs.backward(gradient[rows])
            found += [outputs.detach(), own.grad]
        return found

    def work(group: Group) -> tuple[list[Tensor], Any]:
        own = shared(layer, group)
        return trained(own, group.shard(batch)), own

    parts = in_threads(size, batch, work)
    whole, expected = copy.deepcopy(layer), []
    expected = trained(whole, slice(None))
    close = {"rtol": 1e-9, "atol": 1e-9 * max(1, abs(mean))}
    for position, values in enumerate(expected):
        torch.testing.assert_close(torch.cat([found[position] for found, _ in parts]), values, **close)
    for name in ("weight", "bias"):
        total = sum(getattr(own, name).grad for _, own in parts)
        torch.testing.assert_close(total, getattr(whole, name).grad, **close)
    for _, own in parts:
        assert own.state_dict().keys() == whole.state_dict().keys()
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            torch.testing.assert_close(getattr(own, name), getattr(whole, name), **close)
        photos = noise(5, 2, 3, 2, 2)
        torch.testing.assert_close(own.eval()(photos), copy.deepcopy(whole).eval()(photos), **close)


def test_batch_norm_keeps_the_type_and_layout_of_photos() -> None:
    layer = shared(nn.BatchNorm2d(3), Group(0, 1, 4))
    photos = torch.randn(4, 3, 5, 6).bfloat16().to(memory_format=torch.channels_last).requires_grad_()
    outputs = layer(photos)
    outputs.sum().backward()
    assert photos.grad is not None
    for found in (outputs, photos.grad):
        assert found.dtype == torch.bfloat16
        assert found.is_contiguous(memory_format=torch.channels_last)
    expected = nn.BatchNorm2d(3)(photos.detach().float())
    torch.testing.assert_close(outputs.float(), expected, atol=0.03, rtol=0)


@pytest.mark.parametrize("mean", [0.0, 30.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_batch_norm_over_processes_rounds_as_its_type_does(dtype: torch.dtype, mean: float) -> None:
    """Against SyncBatchNorm's formula in double precision; of three processes one has no photos."""
    batch, layout, epsilon = 2, torch.channels_last, 1e-5
    photos, gradient = ((noise(k, batch, 4, 5, 6) + mean * (k == 0)).to(dtype) for k in (0, 1))
    weight, bias = noise(2, 4).float(), noise(3, 4).float()
    layer = nn.BatchNorm2d(4, eps=epsilon)
    layer.load_state_dict({"weight": weight, "bias": bias}, strict=False)

    def work(group: Group) -> tuple[Tensor, Tensor, SharedBatchNorm2d]:
        own, rows = shared(layer, group), group.shard(batch)
        inputs = photos[rows].to(memory_format=layout).requires_grad_()
        outputs = own(inputs)
        outputs.backward(gradient[rows].to(memory_format=layout))
        assert inputs.grad is not None
        assert {found.dtype for found in (outputs, inputs.grad)} == {dtype}
        return outputs.detach(), inputs.grad, own

    outputs, gradients, layers_of = zip(*in_threads(3, batch, work), strict=True)
    assert [len(part) for part in outputs] == [0, 1, 1]
    x, dy, shape = photos.double(), gradient.double(), (0, 2, 3)
    deviation = (x.var(shape, correction=0, keepdim=True) + epsilon).sqrt()
    normal = (x - x.mean(shape, keepdim=True)) / deviation
    scale = weight.view(1, -1, 1, 1).double()
    means = [values.mean(shape, keepdim=True) for values in (dy, dy * normal)]
    close: dict[str, Any] = {"rtol": 0, "atol": 20 * torch.finfo(dtype).eps, "check_dtype": False}
    torch.testing.assert_close(torch.cat(outputs), normal * scale + bias.view(1, -1, 1, 1), **close)
    expected = (dy - means[0] - normal * means[1]) * scale / deviation
    torch.testing.assert_close(torch.cat(gradients), expected, **close)
    for name, values in (("weight", dy * normal), ("bias", dy)):
        total = sum(getattr(own, name).grad for own in layers_of)
        torch.testing.assert_close(total, values.sum(shape), rtol=1e-4, atol=1e-3, check_dtype=False)
    for own in layers_of:
        torch.testing.assert_close(own.running_mean, x.mean(shape).float() / 10)
        assert own.running_var.dtype == torch.float32


class Passes(TorchDispatchMode):
    """Takes down each operator that reads or writes as many values as the photos have."""

    def __init__(self, photos: Tensor) -> None:
        super().__init__()
        self.size, self.types, self.found = photos.numel(), {photos.dtype}, list[str]()

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        large = [x for x in tree_leaves((args, result)) if isinstance(x, Tensor) and x.numel() == self.size]
        if large and not func.is_view:
            assert {x.dtype for x in large} == self.types, func
            self.found.append(func.overloadpacket.__name__)
        return result


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_batch_norm_passes_over_photos_as_seldom_as_it_can(dtype: torch.dtype) -> None:
    """Each pass is a fused operator that both devices have, and none is over wider copies of photos."""
    layer = shared(nn.BatchNorm2d(3), Group(0, 1, 4))
    photos = torch.randn(4, 3, 5, 6).to(dtype).requires_grad_()
    with Passes(photos) as passes:
        layer(photos).backward(torch.ones_like(photos, requires_grad=False))
    passes.found.remove("ones_like")
    assert [name.removeprefix("_").replace("_legit", "") for name in passes.found if name != "detach"] == [
        "batch_norm_update_stats",
        "native_batch_norm",
        "native_batch_norm_backward",
        "native_batch_norm",
        "native_batch_norm",
        "add_",
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_dropout_over_processes_drops_what_one_would(size: int) -> None:
    rows = torch.randn(4, 300)
    torch.manual_seed(3)
    expected = nn.Dropout(0.3)(rows), torch.rand(1)
    found = []
    for rank in range(size):
        group = Group(rank, size, 4)
        torch.manual_seed(3)
        dropout = shared(nn.Dropout(0.3), group)
        own = rows[group.shard(4)]
        found.append(dropout(own))
        # The next random number is the same one too.
        assert torch.equal(torch.rand(1), expected[1])
        assert torch.equal(dropout.eval()(own), own)
    assert torch.equal(torch.cat(found), expected[0])


@pytest.mark.parametrize("mode", ["row", "batch"])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_stochastic_depth_over_processes_drops_what_one_would(size: int, mode: str) -> None:
    rows, layer = torch.randn(4, 3, 2, 2), StochasticDepth(0.4, mode)
    torch.manual_seed(3)
    expected = layer(rows)
    found = []
    for rank in range(size):
        group = Group(rank, size, 4)
        torch.manual_seed(3)
        own = rows[group.shard(4)]
        found.append(shared(layer, group)(own))
        assert torch.equal(shared(layer.eval(), group)(own), own)
        layer.train()
    assert torch.equal(torch.cat(found), expected)


def test_timms_batch_norm_over_processes_activates_too() -> None:
    layer, photos = BatchNormAct2d(3, act_layer=nn.SiLU), noise(1, 5, 3, 2, 2)
    nn.init.normal_(layer.weight)
    layer = layer.double()

    def work(group: Group) -> tuple[Tensor, Any]:
        own = shared(layer, group)
        return own(photos[group.shard(5)]), own

    found = in_threads(2, 5, work)
    expected = layer(photos)
    torch.testing.assert_close(torch.cat([outputs for outputs, _ in found]), expected)
    for _, own in found:
        torch.testing.assert_close(own.eval()(photos), layer.eval()(photos))


@pytest.mark.parametrize("layer", [nn.BatchNorm1d(3), nn.Dropout2d(0.1), nn.AlphaDropout(0.2)], ids=str)
def test_what_processes_cannot_share_is_refused(layer: nn.Module) -> None:
    kind = type(layer).__name__
    with pytest.raises(
        UserError, match=f"the network computes {kind} over a batch.*give the experiment gpus: 1"
    ):
        layers.wrap(nn.Sequential(nn.Linear(3, 3), layer), Group(0, 2, 4))


def test_what_draws_nothing_is_left_alone() -> None:
    assert layers.shared(nn.Dropout2d(0)) is None
    assert layers.shared(nn.LayerNorm(3)) is None


class Lonely(Group):
    """A process whose group has no photos elsewhere either."""

    def sum(self, values: Tensor) -> Tensor:
        return values


OTHERS = (
    *("tf_efficientnet_lite0", "mobilenet_v3_large", "convnext_tiny", "swin_t", "vit_tiny_patch16_224"),
    *("regnet_y_400mf", "densenet121"),
)


@pytest.mark.parametrize("backbone", [*backbones.BACKBONES, *OTHERS])
def test_every_backbone_takes_an_empty_shard(backbone: str) -> None:
    """It gives every parameter a gradient of zeros that lies in memory as the parameter does."""
    net = build.adapt(build.untouched(backbone), backbone, "original", 3, image_size=64)
    keys = list(net.state_dict())
    net = placement.place(net, CPU).train()
    for layer in net.modules():
        if kind := layers.shared(layer):
            layer.__class__ = kind
            layer.group = Lonely(0, 2, 1)  # type: ignore[assignment]
    outputs = net(torch.empty(0, 3, 64, 64).to(memory_format=torch.channels_last))
    outputs.sum().backward()
    assert outputs.shape == (0, 3)
    assert list(net.state_dict()) == keys
    for parameter in net.parameters():
        assert parameter.grad is not None
        assert not parameter.grad.any()
        assert parameter.grad.stride() == parameter.stride()
