"""Layers that compute over the batch of all processes as one process would over the whole."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from ablation.training.distributed.group import Group

# Over which batch normalisation takes its averages: all but the channels of N x C x H x W.
PLACES = (0, 2, 3)


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
        mean, variance = moments(photos.to(self.weight.dtype), self.group)
        count = self.group.batch * photos.shape[2] * photos.shape[3]
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(mean, self.momentum)
            # The unbiased variance, as PyTorch keeps it.
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        deviation = (variance + self.eps).sqrt()
        normalised: Tensor = Normalise.apply(
            photos, self.weight, self.bias, mean, deviation, count, self.group
        )
        return normalised


@torch.no_grad()
def moments(photos: Tensor, group: Group) -> tuple[Tensor, Tensor]:
    """Return each channel's mean and biased variance over the photos of all processes.

    Two-pass in each process, then put together as in Chan, Golub and LeVeque (1983): the mean of the
    variances and the variance of the means, neither of which cancels.
    """
    own = photos.new_zeros(1, 2, photos.shape[1])
    if len(photos):
        own[0, 0] = photos.mean(PLACES)
        own[0, 1] = (photos - own[0, 0, :, None, None]).square_().mean(PLACES)
    means, variances = group.gather(own, group.size).unbind(1)
    shards = [group.shard(group.batch, rank) for rank in range(group.size)]
    parts = [[(shard.stop - shard.start) / group.batch] for shard in shards]
    part = torch.tensor(parts, dtype=photos.dtype).to(photos.device, non_blocking=True)
    mean = (part * means).sum(0)
    return mean, (part * (variances + (means - mean).square())).sum(0)


class Normalise(torch.autograd.Function):
    """(x - mean) / deviation * weight + bias, where mean and deviation depend on all processes' x.

    The gradient is that of Ioffe and Szegedy (2015), section 3: its two sums run over all processes. The
    gradients of weight and bias are of this process's photos only, as those of all other parameters.
    """

    @staticmethod
    def forward(
        context: Any,
        photos: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        deviation: Tensor,
        count: int,
        group: Group,
    ) -> Tensor:
        context.save_for_backward(photos, weight, mean, deviation)
        context.count, context.group = count, group
        scale = weight / deviation
        shift = bias - mean * scale
        result = photos * scale[:, None, None] + shift[:, None, None]
        return result.to(photos.dtype)

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        photos, weight, mean, deviation = context.saved_tensors
        normal = (photos - mean[:, None, None]) / deviation[:, None, None]
        gradient = gradient.to(normal.dtype)
        own = torch.stack((gradient.sum(PLACES), (gradient * normal).sum(PLACES)))
        means = context.group.sum(own)[..., None, None] / context.count
        result = (gradient - means[0] - normal * means[1]) * (weight / deviation)[:, None, None]
        return result.to(photos.dtype), own[1], own[0], None, None, None, None


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


SHARED: dict[type[nn.Module], type[nn.Module]] = {
    nn.BatchNorm2d: SharedBatchNorm2d,
    nn.Dropout: SharedDropout,
}


def wrap(net: nn.Module, group: Group) -> nn.Module:
    """Return what to call in place of `net` to train it; makes its layers work over the whole batch.

    Its parameters get gradients laid out as they are. The keys of its state stay as they were.
    """
    if group.size == 1:
        return net
    for layer in net.modules():
        if type(layer) in SHARED:
            layer.__class__ = SHARED[type(layer)]
            layer.group = group  # type: ignore[assignment]
    # Buffers are the same everywhere already: the statistics of the whole batch.
    return DistributedDataParallel(net, forward_sync_buffers=False, gradient_as_bucket_view=True)
