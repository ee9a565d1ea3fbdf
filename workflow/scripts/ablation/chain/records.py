"""What happens as soon as Snakemake has recorded that a job is done."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from ablation.running import kept


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
                    kept.clear(Path(one.output[0]).parent)

    dag.finish = finish_and_clear
