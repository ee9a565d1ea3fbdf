"""The same training as it is, with its kernels launched one by one, and compiled by torch.compile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ablation.running import environment
from gpu.throughput import arranged, measured, refuse
from results import CORES, Row
from sizes import SIZES
from trainers import Trainer

OURS = "ours, as it is"


def measure(_out: Path, scratch: Path) -> Iterator[Row]:
    """All networks compile at once, which takes cores and minutes."""
    folder, backbones = arranged(scratch)["many"], SIZES.gpu_compiled
    trainers = {
        backbone: {
            OURS: Trainer("ours", backbone, folder, CORES),
            "ours, eager": Trainer("ours", backbone, folder, CORES, **{environment.SPEED: "eager"}),
            "ours, compiled": Trainer("compiled", backbone, folder, CORES),
        }
        for backbone in backbones
    }
    failed: list[str] = []
    for backbone in backbones:
        yield from measured(backbone, trainers[backbone], OURS, failed)
    refuse(failed)
