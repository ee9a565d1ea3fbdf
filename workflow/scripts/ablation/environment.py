"""The environment in which the stages run. Standard library only: the Snakefile imports this."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

# glibc hands large blocks back to the system at every training step and faults them in again at the next;
# these settings keep them. Read once, when a process starts. (Pages of 2 MB, glibc.malloc.hugetlb=1, made the
# steps of batches of 64 at 224 pixels 5% faster and cost seconds at the start, more than short runs gained.)
KEEP_MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
    "MALLOC_TOP_PAD_": str(1 << 28),
}


def prepare() -> None:
    """Make jobs find this Python first, keep memory between steps, and draw without a screen.

    What the user set stays. An activated conda environment goes before this Python.
    """
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    for name, value in {**KEEP_MEMORY, "MPLBACKEND": "Agg"}.items():
        os.environ.setdefault(name, value)


def plan_without_pauses() -> None:
    """Have Python look for garbage less often: a plan is made of objects that all live to its end.

    A plan of 1,000 runs takes 0.85 of its time so.
    """
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)


def gpus() -> int:
    """Return how many NVIDIA GPUs this machine has, without starting CUDA."""
    return len(list(Path("/dev").glob("nvidia[0-9]*")))
