"""One process trains a run: what a killed workflow left training has to leave first."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
from pathlib import Path
from typing import IO

from ablation import console
from ablation.errors import UserError


def take(path: Path) -> IO[str]:
    """Lock a file for as long as this process lives or keeps what is returned.

    A process of this machine that holds the lock is told to leave (SIGTERM) and waited for: when only
    Snakemake was killed its trainings go on, and would write their results over those of a later one.
    Raises UserError if the lock is held on another machine.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        host, _, process = file.read().partition(" ")
        if host != socket.gethostname() or not process.isdigit():
            raise UserError(
                f"{path} is locked by a training on {host or 'another machine'}: stop it"
            ) from error
        console.line(f"stopping process {process}, which an earlier workflow left training here")
        os.kill(int(process), signal.SIGTERM)
        fcntl.flock(file, fcntl.LOCK_EX)
    file.truncate(0)
    file.write(f"{socket.gethostname()} {os.getpid()}")
    file.flush()
    return file
