"""Watch a study that runs elsewhere: in another terminal, in the background, or as the jobs of a cluster.

It shows what the terminal shows in which Snakemake runs, from the files that lie in its folder.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from ablation.chain.progress import events, view
from ablation.running import errors

SECONDS_BETWEEN_LOOKS = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path(), help="as snakemake's")
    args = parser.parse_args()
    if not (args.directory / events.JOURNAL).exists():
        raise errors.UserError(f"no study has run in {args.directory.resolve()} (--directory names another)")
    os.chdir(args.directory)
    display = view.display(sys.stdout, colours="NO_COLOR" not in os.environ)
    try:
        with events.JOURNAL.open(encoding="utf-8") as journal, suppress(KeyboardInterrupt):
            follow(journal, display)
    finally:
        display.stop()


def follow(journal: IO[str], display: view.Display) -> None:
    """Show a journal's events from its beginning on, until its study is over."""
    began: events.Began | None = None
    while True:
        for event in events.read(journal):
            display.show(event)
            if isinstance(event, events.Over):
                return
            began = event if isinstance(event, events.Began) else began
        if began is not None and killed(began):
            print("Snakemake was killed. The same command goes on from the last checkpoints.")
            return
        time.sleep(SECONDS_BETWEEN_LOOKS)
        if os.fstat(journal.fileno()).st_size < journal.tell():
            # The next study began.
            journal.seek(0)


def killed(began: events.Began) -> bool:
    """Tell whether a study's Snakemake is gone; of one on another machine none can tell."""
    return began.host == socket.gethostname() and not psutil.pid_exists(began.process)


if __name__ == "__main__":
    errors.run(main)
