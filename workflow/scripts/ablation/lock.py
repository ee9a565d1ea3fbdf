"""One process trains a run: what a killed workflow left training has to leave first."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from pathlib import Path
from typing import IO

from ablation import console
from ablation.errors import UserError

# A node that SLURM takes for lost may train on, until it hears that its job is no longer wanted; of one that
# is dead, the file server keeps the locks for about a minute.
ELSEWHERE_SECONDS = 600.0


def take(path: Path) -> IO[str]:
    """Lock a file for as long as this process lives or keeps what is returned.

    A process of this machine that holds the lock is told to leave (SIGTERM) and waited for: when only
    Snakemake was killed its trainings go on, and would write their results over those of a later one.
    One of another machine is waited for, but no longer than ELSEWHERE_SECONDS. Raises UserError if it holds
    the lock then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        host, _, process = file.read().partition(" ")
        if host == socket.gethostname() and process.isdigit():
            console.line(f"stopping process {process}, which an earlier workflow left training here")
            os.kill(int(process), signal.SIGTERM)
            fcntl.flock(file, fcntl.LOCK_EX)
        else:
            wait(file, path, host or "another machine")
    file.truncate(0)
    file.write(f"{socket.gethostname()} {os.getpid()}")
    file.flush()
    return file


def wait(file: IO[str], path: Path, host: str) -> None:
    """Lock a file that a training on another machine holds, when that ends."""
    console.line(f"waiting for a training on {host}, which holds {path}")
    until = time.monotonic() + ELSEWHERE_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise UserError(f"{path} is locked by a training on {host}: stop it") from error
        time.sleep(min(1.0, ELSEWHERE_SECONDS))
