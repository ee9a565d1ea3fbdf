"""What a training keeps in its run's folder, beside its results, until these are recorded or evaluated.

Until then Snakemake may not know that the run is trained, and train it again. Standard library only: the
Snakefile imports this.
"""

from __future__ import annotations

from pathlib import Path

from ablation.running.files import remove

CHECKPOINT = "checkpoint.pt"
LOCK = "training.lock"
# Asks the training to end with its epoch (running/ending.py).
END = "training.end"


def clear(run: Path) -> None:
    """Remove it."""
    for name in (CHECKPOINT, LOCK, END):
        remove(run / name)
