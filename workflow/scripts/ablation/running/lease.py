"""One GPU for each training of a machine, without anyone assigning them.

A GPU is leased by a lock on a file, which the system gives back when the process ends, however it ends.
Standard library only.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, TypeVar

from ablation.running.errors import UserError

# Hands `share` on: from config.yaml, by way of the Snakefile.
SHARE = "ABLATION_GPU_SHARE"
SECONDS_BETWEEN_LOOKS = 0.5

Found = TypeVar("Found")


def share() -> int:
    """Return how many trainings may lease the same GPU: `gpu_share` of config.yaml, else 1."""
    return int(os.environ.get(SHARE, 1))


def take(gpus: Sequence[str], check: Callable[[], None] = lambda: None, count: int = 1) -> list[IO[bytes]]:
    """Lease so many of these GPUs (as CUDA_VISIBLE_DEVICES names them) and make them the only visible ones.

    They are leased for as long as this process lives or keeps what is returned: nothing if there are no GPUs.
    While there are too few free ones `check` is called again and again, which may raise to give up. Several
    are for processes that train together; each of these calls `join`. To be called before CUDA starts, which
    reads the variable once. Raises UserError if there are GPUs but fewer than `count`.
    """
    if not gpus:
        return []
    if len(gpus) < count:
        raise UserError(f"gpus is {count}, but this process may use {len(gpus)}: set gpus to {len(gpus)}")
    folder = own_folder()
    if count == 1:
        gpu, held = wait(partial(free, folder, gpus, range(share()), fcntl.LOCK_EX), check)
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
        return [held]
    found: dict[str, IO[bytes]] = {}
    # One gathers at a time: two would each wait for what the other has.
    with wait(partial(locked, folder / "gathering", fcntl.LOCK_EX), check):
        while len(found) < count:
            left = [gpu for gpu in gpus if gpu not in found]
            gpu, held = wait(partial(free, folder, left, range(1), fcntl.LOCK_EX), check)
            found[gpu] = held
    for held in found.values():
        fcntl.flock(held, fcntl.LOCK_SH)
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(found)
    return list(found.values())


def join(gpus: Sequence[str], check: Callable[[], None] = lambda: None) -> IO[bytes] | None:
    """Hold the lease of this process's GPU, beside the process that took it for several: it may end first.

    Of those that train together each takes the GPU of its number on this machine.
    """
    if not gpus:
        return None
    number = int(os.environ["LOCAL_RANK"])
    if number >= len(gpus):
        raise UserError(f"this is process {number + 1} and may use {len(gpus)} GPUs: start fewer processes")
    return wait(partial(free, own_folder(), [gpus[number]], range(1), fcntl.LOCK_SH), check)[1]


def wait(attempt: Callable[[], Found | None], check: Callable[[], None]) -> Found:
    """Try until there is something."""
    while (found := attempt()) is None:
        check()
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return found


def free(folder: Path, gpus: Sequence[str], places: Sequence[int], kind: int) -> tuple[str, IO[bytes]] | None:
    """Lease a GPU, one that nobody uses first; None if all places of each are leased."""
    for place in places:
        for gpu in gpus:
            if held := locked(folder / f"{gpu.replace('/', '_')}.{place}", kind):
                return gpu, held
    return None


def locked(path: Path, kind: int) -> IO[bytes] | None:
    """Lock a file, for this process alone (LOCK_EX) or with others (LOCK_SH); None if another has it."""
    held = path.open("ab")
    with suppress(BlockingIOError):
        fcntl.flock(held, kind | fcntl.LOCK_NB)
        # What looks unused for weeks is removed from the folder of temporary files.
        os.utime(held.fileno())
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(held.fileno())):
                return held
    held.close()
    return None


def own_folder() -> Path:
    """Return the folder of this user's locks on this machine, which is made if missing.

    In a job of SLURM it is that job's alone: there GPUs are numbered anew for each job.
    """
    job = os.environ.get("SLURM_JOB_ID")
    folder = Path(tempfile.gettempdir(), f"ablation-gpus-{os.getuid()}" + (f"-{job}" if job else ""))
    folder.mkdir(mode=0o700, exist_ok=True)
    # Anyone may write to the folder of temporary files, and could have put a link there.
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.getuid():
        raise UserError(f"{folder} belongs to somebody else: remove it, or set TMPDIR to a folder of yours")
    return folder
