"""The summary of a study of which some runs failed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablation.chain import advice, failures, paths
from ablation.running import code, files
from ablation.study.study import Study


def summarize(workflow: Any, study: Study, published: Sequence[str]) -> None:
    """Make the summary without the runs that failed, whose rows say why, unless it was not asked for.

    Snakemake will make it again: its file is older than anything and has no record.
    """
    made = [job for job in workflow.dag.needrun_jobs() if job.rule.name in ("collect", "summarize", "latest")]
    if all(job.rule.name != "latest" for job in made):
        return
    dataset = study.dataset.name
    folder = Path(paths.comparison(dataset, study.name))
    runs, summary = folder / "runs.csv", folder / "summary.csv"
    manifest = paths.MANIFEST.format(dataset=dataset)
    collect = ["collect", "--runs", paths.runs(dataset), "--manifest", manifest, "--output", runs]
    summarize = ["summarize", "--runs", runs, "--output", summary]
    if published:
        summarize += ["--published", *published]
    rows = study.table(failures.of_runs(workflow))
    for name, *arguments in (collect, summarize):
        command = ["python", str(code.SCRIPTS / f"{name}.py"), *map(str, arguments)]
        if subprocess.run(command, input=rows, text=True, check=False).returncode:
            return
    files.write_text(Path(paths.SUMMARY), summary.read_text(encoding="utf-8"))
    for job in made:
        # Older than anything: 0 would be no time to Snakemake.
        os.utime(job.output[0], (1, 1))
        workflow.persistence.cleanup_metadata(job.output[0])
    advice.tell_of_noise(study)
