"""Snakemake as a person watches it, on a study of one long training."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios
import time
from pathlib import Path

import psutil
from project import Project

LONG = "tests/workflow/long.yaml"
COLUMNS, ROWS = 80, 24
# So long one may last that hangs: far longer than any takes on a busy machine.
LIMIT = 600.0


def log_of(project: Project, experiment: str) -> Path:
    """The log of an experiment's training."""
    run = Path(project.run_of(experiment))
    return project.folder / f"logs/train/demo/{run.parent.name}-{run.name}.log"


class Running:
    """Snakemake on a terminal of its own, as when a person watches it."""

    def __init__(self, project: Project, *arguments: str) -> None:
        self.project = project
        self.log = log_of(project, "one")
        self.log.unlink(missing_ok=True)
        command = [sys.executable, "-m", "snakemake", *arguments, "--configfile", *project.configs]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(project.folder)
            os.execv(command[0], command)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.set_blocking(self.terminal, False)
        self.shown = ""

    def read(self) -> None:
        try:
            self.shown += os.read(self.terminal, 1 << 20).decode(errors="replace")
        except OSError:  # nothing to read, or nobody there
            return

    def wait_for_epoch(self, epoch: int) -> psutil.Process:
        """Wait until the training has written this epoch's line; return its process."""
        while not (self.log.exists() and f"epoch {epoch}:" in self.log.read_text(encoding="utf-8")):
            assert psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE, self.shown
            self.read()
            time.sleep(0.02)
        processes = psutil.Process(self.pid).children(recursive=True)
        return next(one for one in processes if not one.children())

    def press_ctrl_c(self) -> None:
        os.write(self.terminal, b"\x03")

    def status(self) -> int:
        """Wait for the end; return the exit status. What hangs is killed, with all that it started."""
        until = time.monotonic() + LIMIT
        while True:
            if time.monotonic() > until:
                processes = [*psutil.Process(self.pid).children(recursive=True), psutil.Process(self.pid)]
                for process in processes:
                    process.kill()
                raise AssertionError(f"still running after {LIMIT} s: {processes}\n{self.shown}")
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.read()
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
