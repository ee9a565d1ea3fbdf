"""Starting the processes of one training by torchrun, joining them, and ending them together."""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import torch
from torch import distributed as dist
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from ablation.running.errors import ERROR, UserError
from ablation.running.signals import RESUMABLE, Requests, Resumable, on_signal
from ablation.training.distributed.group import ALONE, Group


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


def launch(processes: int, requests: Requests) -> None:
    """Run this program again in so many processes, as `torchrun --standalone` does, and wait for them.

    `requests` are what signals have asked for so far; those to come go on to them. Exits with the status of
    the first that fails: as one process would, with RESUMABLE where they left a checkpoint.
    """
    from torch.distributed import run as torchrun
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    # What torchrun says of a failed process is no news.
    logging.disable(logging.ERROR)
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
