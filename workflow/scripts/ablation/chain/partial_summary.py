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

# The rules that make what is made here.
MAKING = ("collect", "summarize", "answer", "latest")


def summarize(workflow: Any, study: Study, published: Sequence[str]) -> None:
    """Make the summary without the runs that failed, whose rows say why, unless it was not asked for.

    Snakemake will make it again: its file is older than anything and has no record.
    """
    made = [job for job in workflow.dag.needrun_jobs() if job.rule.name in MAKING]
    if all(job.rule.name != "latest" for job in made):
        return
    dataset = study.dataset.name
    folder = Path(paths.comparison(dataset, study.name))
    runs, summary, comparisons = (folder / f"{name}.csv" for name in ("runs", "summary", "comparisons"))
    answer = folder / "answer.md"
    manifest = paths.MANIFEST.format(dataset=dataset)
    collect = ["collect", "--runs", paths.runs(dataset), "--manifest", manifest, "--output", runs]
    summarize = ["summarize", "--runs", runs, "--output", summary, "--comparisons", comparisons]
    if published:
        summarize += ["--published", *published]
    conclude = ["answer", "--summary", summary, "--comparisons", comparisons, "--output", answer]
    rows, families = study.table(failures.of_runs(workflow)), study.families()
    for given, (name, *arguments) in ((rows, collect), (families, summarize), ("", conclude)):
        command = ["python", str(code.SCRIPTS / f"{name}.py"), *map(str, arguments)]
        if subprocess.run(command, input=given, text=True, check=False).returncode:
            return
    for path in map(Path, paths.LATEST):
        files.write_text(path, (folder / path.name).read_text(encoding="utf-8"))
    # Of the study, as far as it was asked for.
    for output in (output for job in made for output in job.output):
        # Older than anything: 0 would be no time to Snakemake.
        os.utime(output, (1, 1))
        workflow.persistence.cleanup_metadata(output)
    advice.tell_of_noise(study)
