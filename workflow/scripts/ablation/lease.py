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
from pathlib import Path
from typing import IO

from ablation.errors import UserError

# How many trainings share a GPU: from config.yaml, by way of the Snakefile.
SHARE = "ABLATION_GPU_SHARE"
SECONDS_BETWEEN_LOOKS = 0.5


def take(
    gpus: Sequence[str], check: Callable[[], None] = lambda: None, *, alone: bool = False
) -> IO[bytes] | None:
    """Lease one of these GPUs (as CUDA_VISIBLE_DEVICES names them) and make it the only visible one.

    It is leased for as long as this process lives or keeps what is returned: None if there are no GPUs.
    While all are leased `check` is called again and again, which may raise to give up. With `alone`, no GPU
    is leased twice: processes that train together cannot share one. To be called before CUDA starts, which
    reads the variable once.
    """
    if not gpus:
        return None
    folder = own_folder()
    share = 1 if alone else int(os.environ.get(SHARE, 1))
    while (found := free(folder, gpus, share)) is None:
        check()
        time.sleep(SECONDS_BETWEEN_LOOKS)
    gpu, held = found
    os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    return held


def free(folder: Path, gpus: Sequence[str], share: int) -> tuple[str, IO[bytes]] | None:
    """Lease a GPU, one that nobody uses first; None if each is leased `share` times."""
    for place in range(share):
        for gpu in gpus:
            held = (folder / f"{gpu.replace('/', '_')}.{place}").open("ab")
            with suppress(BlockingIOError):
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return gpu, held
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
