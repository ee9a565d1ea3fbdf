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
    """Return the folders of the runs under `runs` (<data set>/<folder>/seed<k>) that train now."""
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


def experiments(run: Path, studies: Path) -> list[str]:
    """Return the names of the experiments that a run is of.

    They are those of the links to its folder under `studies` (<data set>/<study>/runs/<experiment>).
    """
    folder = run.parent.resolve()
    links = sorted(studies.glob(f"{run.parent.parent.name}/*/runs/*"))
    return list(dict.fromkeys(link.name for link in links if link.resolve() == folder))


def names(run: Path, studies: Path) -> list[str]:
    """Return what a run may be called: experiment/seed<k> of each experiment that it is of, or its folder."""
    return [f"{one}/{run.name}" for one in (*experiments(run, studies), run.parent.name)]


def is_called(run: Path, given: str, studies: Path) -> bool:
    """Tell whether a run is meant by an experiment's name, by its own, or by the path of its folder."""
    called = names(run, studies)
    experiment = f"{given}/{run.name}"
    return given in called or experiment in called or Path(given).resolve() == run.resolve()


def ask(run: Path) -> None:
    """Have the training of a run end with the epoch that it is in."""
    write_text(run / kept.END, "")
