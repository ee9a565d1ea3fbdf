"""results/summary.csv, which is the table of the study that ran last."""

from __future__ import annotations

import shutil
from pathlib import Path

from ablation.chain import paths
from ablation.running import files
from ablation.study.study import Study


def before_touching(study: Study) -> None:
    """Have results/summary.csv be this study's before Snakemake's --touch declares it so.

    It is another study's where that ran last. Without a table of this study it is removed: there is none to
    copy.
    """
    summary = Path(paths.SUMMARY)
    own = Path(paths.comparison(study.dataset.name, study.name), "summary.csv")
    if not summary.exists() or (own.exists() and own.read_bytes() == summary.read_bytes()):
        return
    now = f"a copy of {own}" if own.exists() else "removed"
    if own.exists():
        with files.atomic(summary) as temporary:
            shutil.copyfile(own, temporary)
    else:
        summary.unlink()
    print(f"Mind: {summary} was another study's: {now} now")
