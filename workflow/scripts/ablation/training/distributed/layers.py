"""Layers that compute over the batch of all processes as one process would over the whole."""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.parallel import DistributedDataParallel
from torchvision.ops import StochasticDepth, stochastic_depth

from ablation.running.errors import UserError
from ablation.training.distributed.group import Group


class SharedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation (Ioffe and Szegedy 2015) over the photos of all processes.

    PyTorch's own SyncBatchNorm refuses tensors on the CPU. This one serves both devices, so that what the
    tests compare with one process is what trains on GPUs.
    """

    group: Group
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def forward(self, photos: Tensor) -> Tensor:
        """Return N x C x H x W normalised, in its own dtype; takes this process's slice, perhaps empty."""
        if not self.training:
            return super().forward(photos)
        mean, variance = moments(photos, self.running_mean, self.group)
        count = self.group.batch * photos.shape[2] * photos.shape[3]
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(mean, self.momentum)
            # The unbiased variance, as PyTorch keeps it.
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        normalised: Tensor = Normalise.apply(
            photos, self.weight, self.bias, mean, variance, self.eps, count, self.group
        )
        return normalised


@torch.no_grad()
def moments(photos: Tensor, like: Tensor, group: Group) -> tuple[Tensor, Tensor]:
    """Return each channel's mean and biased variance over the N x C x H x W photos of all processes.

    They have the type and device of `like` (C values); photos may be narrower, as bf16. Those of each process
    are put together as in Chan, Golub and LeVeque (1983): the mean of the variances and the variance of the
    means, neither of which cancels.
    """
    own = like.new_zeros(1, 2, len(like))
    if len(photos):
        # Running statistics that nobody reads: without them a CPU returns the batch's in the photos' type.
        unread = like.new_zeros(2, len(like))
        own[0, 0], own[0, 1] = torch.batch_norm_update_stats(photos, unread[0], unread[1], 0)
    means, variances = group.gather(own, group.size).unbind(1)
    shards = [group.shard(group.batch, rank) for rank in range(group.size)]
    parts = [[(shard.stop - shard.start) / group.batch] for shard in shards]
    part = torch.tensor(parts, dtype=like.dtype).to(like.device, non_blocking=True)
    mean = (part * means).sum(0)
    return mean, (part * (variances + (means - mean).square())).sum(0)


class Normalise(torch.autograd.Function):
    """(x - mean) / deviation * weight + bias, where mean and variance depend on all processes' x.

    The gradient is that of Ioffe and Szegedy (2015), section 3, in the form that torch.nn.SyncBatchNorm has:
    (dy - E[dy] - z E[dy z]) weight / deviation, with z = (x - mean) / deviation and E over all processes. The
    gradients of weight and bias are of this process's photos only, as those of all other parameters.

    All passes over photos are PyTorch's batch normalisation with given statistics, which reads and writes
    each value once, in its own type; SyncBatchNorm's own operators are for GPUs alone.
    """

    @staticmethod
    def forward(
        context: Any,
        photos: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        epsilon: float,
        count: int,
        group: Group,
    ) -> Tensor:
        context.save_for_backward(photos, weight, mean, variance)
        context.epsilon, context.count, context.group = epsilon, count, group
        return functional.batch_norm(photos, mean, variance, weight, bias, eps=epsilon)

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        photos, weight, mean, variance = context.saved_tensors
        epsilon, scale = context.epsilon, (variance + context.epsilon).rsqrt()
        own = weight.new_zeros(2, len(weight))
        if len(photos):
            # Not its gradient of the photos: on CUDA that is never channels last in memory.
            _, own[0], own[1] = torch.ops.aten.native_batch_norm_backward(
                gradient, photos, weight, mean, variance, mean, scale, False, epsilon, [False, True, True]
            )
        with_normal, alone = context.group.sum(own) / context.count
        # In the layout of the photos, whatever that of their gradient is.
        result = functional.batch_norm(photos, mean, variance, -weight * scale * with_normal, eps=epsilon)
        result += functional.batch_norm(gradient, alone, variance, weight, eps=epsilon)
        return result, own[0], own[1], *[None] * 5


class SharedDropout(nn.Dropout):
    """Dropout whose mask is drawn for the whole batch, as one process draws it, in every process alike."""

    group: Group

    def forward(self, rows: Tensor) -> Tensor:
        """Return this process's rows of the batch, some values zero."""
        if not self.training:
            return rows
        batch = self.group.batch
        mask = functional.dropout(rows.new_ones((batch, *rows.shape[1:])), self.p)
        return rows * mask[self.group.shard(batch)]


class SharedBatchNormAct2d(SharedBatchNorm2d):
    """timm's BatchNormAct2d: batch normalisation with an activation behind it."""

    drop: nn.Module
    act: nn.Module

    def forward(self, photos: Tensor) -> Tensor:
        """Return N x C x H x W normalised and activated."""
        activated: Tensor = self.act(self.drop(super().forward(photos)))
        return activated


class SharedStochasticDepth(StochasticDepth):  # type: ignore[misc]  # torchvision has no types
    """torchvision's StochasticDepth, drawn for the whole batch as SharedDropout is."""

    group: Group

    def forward(self, rows: Tensor) -> Tensor:
        """Return this process's rows of the batch, some of them zero."""
        if not self.training:
            return rows
        batch = self.group.batch
        ones = rows.new_ones((batch, *[1] * (rows.ndim - 1)))
        mask: Tensor = stochastic_depth(ones, self.p, self.mode)
        return rows * mask[self.group.shard(batch)]


SHARED: dict[type[nn.Module], type[nn.Module]] = {
    nn.BatchNorm2d: SharedBatchNorm2d,
    nn.Dropout: SharedDropout,
    StochasticDepth: SharedStochasticDepth,
}


def shared(layer: nn.Module) -> type[nn.Module] | None:
    """Return the class of a layer that works over the batch of all processes; None if it does already.

    Raises UserError for a layer that cannot.
    """
    kinds = dict(SHARED)
    # Not imported here, which takes long: a network of timm's has imported it.
    if timms := sys.modules.get("timm.layers"):
        kinds[timms.BatchNormAct2d] = SharedBatchNormAct2d
    if type(layer) in kinds.values():
        return None
    if type(layer) in kinds:
        return kinds[type(layer)]
    if isinstance(layer, _BatchNorm) or (isinstance(layer, _DropoutNd) and layer.p):
        raise UserError(
            f"the network computes {type(layer).__name__} over a batch, which processes cannot share: "
            "give the experiment gpus: 1"
        )
    return None


def wrap(net: nn.Module, group: Group) -> nn.Module:
    """Return what to call in place of `net` to train it; makes its layers work over the whole batch.

    Its parameters get gradients laid out as they are. The keys of its state stay as they were.
    """
    if group.size == 1:
        return net
    for layer in net.modules():
        if kind := shared(layer):
            layer.__class__ = kind
            layer.group = group  # type: ignore[assignment]
    # Buffers are the same everywhere already: the statistics of the whole batch.
    return DistributedDataParallel(net, forward_sync_buffers=False, gradient_as_bucket_view=True)
