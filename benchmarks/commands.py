"""Commands that are measured, again and again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sizes import SIZES

# The programs whose own process is measured.
PROCESSES = Path(__file__).parent / "processes"
T = TypeVar("T")


def repeated(once: Callable[[], T], warm_ups: int = SIZES.warm_ups) -> list[T]:
    """Call a function again and again; return what it returned, but for the warm-up."""
    return [once() for _ in range(warm_ups + SIZES.repetitions)][warm_ups:]


def in_turns(subjects: dict[str, Callable[[], T]], warm_ups: int = SIZES.warm_ups) -> dict[str, list[T]]:
    """Call functions in turns, so that whatever else the machine does meets all of them; return as above."""
    turns = repeated(lambda: {name: once() for name, once in subjects.items()}, warm_ups)
    return {name: [turn[name] for turn in turns] for name in subjects}


def answer(command: list[str]) -> dict[str, Any]:
    """Return the JSON object that a command prints."""
    told: dict[str, Any] = json.loads(subprocess.check_output(command, text=True))
    return told


def timed(command: list[str], cwd: Path, log: Path) -> float:
    """Return the seconds that a command takes from its start to its end."""
    return watched(command, cwd, log)[0]


def watched(command: list[str], cwd: Path, log: Path, text: str = "") -> tuple[float, float]:
    """Return the seconds that a command takes, and the most memory of its largest process in MiB.

    `text` is its standard input.
    """
    watch = [sys.executable, "-S", str(PROCESSES / "watch.py"), str(log), *command]
    started = time.perf_counter()
    done = subprocess.run(watch, cwd=cwd, input=text, stdout=subprocess.PIPE, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        # The folder of the log is removed when this ends.
        said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        sys.exit(f"{said}\nerror: {' '.join(command)} ended with {done.returncode}, and said the above")
    return seconds, float(done.stdout)
