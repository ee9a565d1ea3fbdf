"""One process trains a run: what a killed workflow left training has to leave first."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from ablation.running import console
from ablation.running.errors import UserError

# A node that SLURM takes for lost may train on, until it hears that its job is no longer wanted; of one that
# is dead, the file server keeps the locks for about a minute.
ELSEWHERE_SECONDS = 600.0
SECONDS_BETWEEN_LOOKS = 0.1


def take(path: Path, check: Callable[[], None] = lambda: None) -> IO[str]:
    """Lock a file for as long as this process lives or keeps what is returned.

    A process of this machine that holds the lock is told to leave (SIGTERM) and waited for: when only
    Snakemake was killed its trainings go on, and would write their results over those of a later one.
    One of another machine is waited for, but no longer than ELSEWHERE_SECONDS. Meanwhile `check` is called
    again and again, which may raise to give up. Raises UserError if another machine's holds the lock in the
    end, and if the file system has no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    if not locked(file, path):
        file.seek(0)
        host, _, process = file.read().partition(" ")
        elsewhere = host or "another machine"
        if host == socket.gethostname() and process.isdigit():
            console.line(f"stopping process {process}, which an earlier workflow left training here")
            with suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGTERM)
            limit = float("inf")
        else:
            console.line(f"waiting for a training on {elsewhere}, which holds {path}")
            limit = time.monotonic() + ELSEWHERE_SECONDS
        while not locked(file, path):
            check()
            if time.monotonic() > limit:
                raise UserError(f"{path} is locked by a training on {elsewhere}: stop it")
            time.sleep(SECONDS_BETWEEN_LOOKS)
    file.truncate(0)
    file.write(f"{socket.gethostname()} {os.getpid()}")
    file.flush()
    return file


def locked(file: IO[str], path: Path) -> bool:
    """Lock an open file; False if another process has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise UserError(
            f"{path} cannot be locked ({error.strerror}): mount its file system with locks (Lustre: flock)"
        ) from error
    return True
