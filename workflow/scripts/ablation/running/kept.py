"""What a training keeps in its run's folder, beside its results, until these are recorded or evaluated.

Until then Snakemake may not know that the run is trained, and train it again. Standard library only: the
Snakefile imports this.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from ablation.running.files import remove

CHECKPOINT = "checkpoint.pt"
LOCK = "training.lock"


def clear(run: Path) -> None:
    """Remove it."""
    for name in (CHECKPOINT, LOCK):
        remove(run / name)


def clear_when_trained(dag: Any) -> None:
    """From now on, remove what a training kept as soon as Snakemake has recorded it.

    A checkpoint is several times as large as the weights, and a study may have thousands of runs.
    """
    finish = dag.finish

    async def finish_and_clear(job: Any, **options: Any) -> None:
        await finish(job, **options)
        for one in job if job.is_group() else [job]:
            # Snakemake's option --touch finishes jobs without their results.
            if one.rule.name == "train" and all(Path(name).exists() for name in one.output):
                with suppress(OSError):
                    clear(Path(one.output[0]).parent)

    dag.finish = finish_and_clear
