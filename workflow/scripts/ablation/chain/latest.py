"""results/summary.csv, answer.md and report.html, which are those of the study that ran last."""

from __future__ import annotations

import shutil
from pathlib import Path

from ablation.chain import paths
from ablation.running import files
from ablation.study.study import Study


def before_touching(study: Study) -> None:
    """Have what is the latest study's be this one's before Snakemake's --touch declares it so.

    It is another study's where that ran last. What this study lacks is removed: there is none to copy.
    """
    folder = Path(paths.comparison(study.dataset.name, study.name))
    for latest in map(Path, (*paths.LATEST, paths.REPORT)):
        own = folder / latest.name
        if not latest.exists() or (own.exists() and own.read_bytes() == latest.read_bytes()):
            continue
        now = f"a copy of {own}" if own.exists() else "removed"
        if own.exists():
            with files.atomic(latest) as temporary:
                shutil.copyfile(own, temporary)
        else:
            latest.unlink()
        print(f"Mind: {latest} was another study's: {now} now")
