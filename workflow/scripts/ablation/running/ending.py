"""Ending a training early, by its run's name and from any process.

By a file and no signal: in the background of a script processes are started deaf to SIGINT, and a cluster's
job is on another machine.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import psutil

from ablation.running import kept
from ablation.running.files import write_text


def training(runs: Path) -> list[Path]:
    """Return the folders of the runs under `runs` (<data set>/<experiment>/seed<k>) that train now."""
    return [path.parent for path in sorted(runs.glob(f"*/*/*/{kept.LOCK}")) if trains(path)]


def trains(lock: Path) -> bool:
    """Tell whether the process that a training's lock names is there; of another machine it is believed.

    The lock itself is not tried: a training that begins meanwhile would take it for held.
    """
    with suppress(OSError, ValueError, psutil.Error):
        host, _, process = lock.read_text(encoding="utf-8").partition(" ")
        if host != socket.gethostname():
            return bool(host)
        return any(Path(word).name == "train.py" for word in psutil.Process(int(process)).cmdline())
    return False


def name(run: Path) -> str:
    """Return a run's name: experiment/seed<k>."""
    return f"{run.parent.name}/{run.name}"


def is_called(run: Path, given: str) -> bool:
    """Tell whether a run is meant by its experiment's name, by its own, or by the path of its folder."""
    return given in (run.parent.name, name(run)) or Path(given).absolute() == run.absolute()


def ask(run: Path) -> None:
    """Have the training of a run end with the epoch that it is in."""
    write_text(run / kept.END, "")
