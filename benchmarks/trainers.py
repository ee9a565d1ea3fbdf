"""Processes that train an epoch whenever they are told to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from commands import PROCESSES


class Trainer:
    """A process of processes/training.py, whose `kind` says how it trains.

    `environment` is what is set for it besides.
    """

    def __init__(self, kind: str, backbone: str, folder: Path, threads: int, **environment: str) -> None:
        self.command = [sys.executable, str(PROCESSES / "training.py"), kind]
        self.command += ["--backbone", backbone, "--folder", str(folder), "--threads", str(threads)]
        env = os.environ | {"OMP_NUM_THREADS": str(threads)} | environment
        self.process = subprocess.Popen(
            self.command, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def is_ready(self) -> bool:
        """Wait until it is warm; tell whether it is, and did not end early."""
        return self._line() == "ready\n"

    def begin(self) -> None:
        """Let it train an epoch."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def found(self) -> tuple[float, float]:
        """Return the images a second of the epoch that it trained, and its memory in MiB."""
        told: dict[str, Any] = json.loads(self._line())
        return told["images_per_second"], told["mib"]

    def end(self) -> None:
        """Let it end."""
        self.process.communicate()

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()
