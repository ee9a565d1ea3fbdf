"""What a training keeps in its run's folder, beside its results, until a later step reads these.

Until then Snakemake may not know that the run is trained, and train it again.
"""

from __future__ import annotations

from pathlib import Path

from ablation.files import remove

CHECKPOINT = "checkpoint.pt"
LOCK = "training.lock"


def clear(run: Path) -> None:
    """Remove it."""
    for name in (CHECKPOINT, LOCK):
        remove(run / name)
