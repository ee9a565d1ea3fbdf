"""The environment in which the stages run. Standard library only: the Snakefile imports this."""

from __future__ import annotations

import gc
import os
import re
import sys
from pathlib import Path

# How a GPU trains, auto or eager: from config.yaml, by way of the Snakefile.
SPEED = "ABLATION_SPEED"
# Where the system shows its devices.
DEVICES = Path("/dev")


def prepare() -> None:
    """Make jobs find this Python first, and draw without a screen.

    What the user set stays. An activated conda environment goes before this Python.
    """
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    os.environ.setdefault("MPLBACKEND", "Agg")


def plan_without_pauses() -> None:
    """Have Python look for garbage less often: a plan is made of objects that all live to its end.

    A plan of 1,000 runs takes 0.85 of its time so.
    """
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)


def gpus() -> list[str]:
    """Return the NVIDIA GPUs that a process started here sees, as CUDA_VISIBLE_DEVICES names them.

    CUDA is not asked, since it takes seconds to start.
    """
    there = len(list(DEVICES.glob("nvidia[0-9]*")))
    return visible(os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(there)))), there)


def visible(names: str, there: int) -> list[str]:
    """Return the GPUs of a CUDA_VISIBLE_DEVICES where there are so many: to the first that is none of them.

    Numbers, or UUIDs of GPUs and of parts of them: "CUDA Environment Variables" in CUDA's programming guide.
    """
    found: list[str] = []
    for name in (name.strip() for name in names.split(",") if there):
        number = re.fullmatch("[0-9]{1,4}", name)
        name = str(int(name)) if number else name
        if name in found or not (int(name) < there if number else name.startswith(("GPU-", "MIG-"))):
            break
        found.append(name)
    return found
