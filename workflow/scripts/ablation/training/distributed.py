"""One training in several processes, a GPU for each, that together find what one process would.

torchrun starts the processes. Each holds the whole network, draws the random numbers of the whole batch and
trains on its own slice of it; DistributedDataParallel averages their gradients. One process is a group of
one, in which nothing is exchanged and torch.distributed never starts.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.autograd.function import once_differentiable
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from ablation.running import console
from ablation.running.errors import ERROR, UserError
from ablation.running.signals import RESUMABLE, Requests, Resumable, on_signal

# Over which batch normalisation takes its averages: all but the channels of N x C x H x W.
PLACES = (0, 2, 3)


@dataclass
class Group:
    """The processes of one training: this one's rank, from 0, and how many there are.

    All processes call `any`, `sum` and `gather` equally often and in the same order. `batch` is how many
    photos the batch that is being trained has in all processes together; the layers below read it.
    """

    rank: int = 0
    size: int = 1
    batch: int = 0

    @property
    def first(self) -> bool:
        """Tell whether this is the process that writes files and speaks."""
        return self.rank == 0

    def shard(self, count: int, rank: int | None = None) -> slice:
        """Return which of `count` rows are this process's (or another's): a run of them, perhaps empty.

        In the order of ranks the runs make up all rows, and their lengths differ by one at most.
        """
        rank = self.rank if rank is None else rank
        return slice(rank * count // self.size, (rank + 1) * count // self.size)

    def any(self, flag: bool) -> bool:
        """Tell whether the flag is true in any process; waits for all of them, but for no GPU."""
        return bool(self.sum(torch.tensor(int(flag)))) if self.size > 1 else flag

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum over the processes, the same bytes in each."""
        if self.size > 1:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def gather(self, own: Tensor, count: int) -> Tensor:
        """Return `count` rows, of which `own` are those of this process's shard, in order."""
        if self.size == 1:
            return own
        rows = own.new_zeros((count, *own.shape[1:]))
        rows[self.shard(count)] = own
        # What one process has and zeros: unlike an all-gather, a sum takes shards of any length.
        return self.sum(rows)

    def wrap(self, net: nn.Module) -> nn.Module:
        """Return what to call in place of `net` to train it; makes its layers work over the whole batch.

        Its parameters get gradients laid out as they are. The keys of its state stay as they were.
        """
        if self.size == 1:
            return net
        for layer in net.modules():
            if type(layer) in SHARED:
                layer.__class__ = SHARED[type(layer)]
                layer.group = self  # type: ignore[assignment]
        # Buffers are the same everywhere already: the statistics of the whole batch.
        return DistributedDataParallel(net, forward_sync_buffers=False, gradient_as_bucket_view=True)


ALONE = Group()


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


def is_launched() -> bool:
    """Tell whether torchrun started this process."""
    return dist.is_torchelastic_launched()


def rank() -> int:
    """Return this process's rank among those that torchrun started; 0 if it did not."""
    return int(os.environ["RANK"]) if is_launched() else 0


@contextmanager
def joined(size: int) -> Iterator[Group]:
    """Join the other processes of a training for as long as it takes; with a size of 1 there are none.

    What one process raises ends all of them, and the first to raise is the only one to say why: the others
    lose their connection to it, which nobody needs to read. Only rank 0 prints.

    Raises UserError if torchrun started another number of processes.
    """
    started = int(os.environ["WORLD_SIZE"]) if is_launched() else 1
    if started != size:
        raise UserError(f"the spec's gpus is {size}, but torchrun started {started} processes: start {size}")
    if size == 1:
        yield ALONE
        return
    store, rank, _ = next(rendezvous("env://"))
    # Counting does not start CUDA, which would settle too early which of the GPUs this process sees.
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.device_count() else "gloo"
    try:
        dist.init_process_group(backend, store=PrefixStore("group", store), rank=rank, world_size=size)
        with quiet(rank > 0):
            yield Group(rank, size)
    except BaseException as error:
        if is_first_to_fail(store):
            raise
        sys.exit(RESUMABLE if isinstance(error, Resumable) else 1)
    dist.destroy_process_group()


def is_first_to_fail(store: Store) -> bool:
    """Note in the processes' common store that this one failed; tell whether it is the first."""
    try:
        return int(store.add("failed", 1)) == 1
    except RuntimeError:  # torchrun, which keeps the store, is gone
        return True


@contextmanager
def quiet(really: bool) -> Iterator[None]:
    """Print nothing and warn of nothing; errors are still told."""
    if not really:
        yield
        return
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def launch(processes: int, threads: int, requests: Requests) -> None:
    """Run this program again in so many processes, as `torchrun --standalone` does, and wait for them.

    `threads` is how many CPU threads they have together, `requests` what signals have asked for so far; those
    to come go on to them. Exits with the status of the first that fails: as one process would, with
    RESUMABLE where they left a checkpoint.
    """
    from torch.distributed import run as torchrun
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    # What torchrun says of a failed process is no news.
    logging.disable(logging.ERROR)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    console.hand_on_terminal()
    on_signal(pass_on, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    requests.refuse_to_wait()
    # torchrun's answer to these signals would be to kill after 30 seconds what has not ended.
    options = ["--standalone", f"--nproc-per-node={processes}", "--signals-to-handle=SIGQUIT"]
    try:
        with tempfile.TemporaryDirectory() as logs:
            torchrun.run(torchrun.parse_args([*options, f"--log-dir={logs}", "--", *sys.argv]))
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        if failure.exitcode < 0:
            print(
                f"{ERROR}process {rank} of {processes} was ended by {failure.signal_name()}", file=sys.stderr
            )
        sys.exit(max(failure.exitcode, 1))


def pass_on(number: int, _frame: Any) -> None:
    """Send a signal to the processes that torchrun started; die of it if there are none yet."""
    processes = children()
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)
    if not processes:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def children() -> list[int]:
    """Return the numbers of the processes that this one started."""
    # Of the main thread, which is the one that starts them.
    return [int(word) for word in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
