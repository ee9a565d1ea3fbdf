"""A study's experiments as links, by their names, to the folders of their runs."""

from __future__ import annotations

import os
from pathlib import Path

from ablation.chain import paths
from ablation.study.study import Study


def make(study: Study) -> None:
    """Make the links of a study's experiments, and remove those of experiments that it has no longer."""
    folder = Path(paths.of_study(paths.comparison(study.dataset.name, study.name)))
    folder.mkdir(parents=True, exist_ok=True)
    runs = os.path.relpath(paths.runs(study.dataset.name), folder)
    wanted = {name: f"{runs}/{one.folder}" for name, one in study.experiments.items()}
    there = {path.name: str(path.readlink()) for path in folder.iterdir() if path.is_symlink()}
    for name in there.keys() | wanted.keys():
        if there.get(name) != wanted.get(name):
            if name in there:
                (folder / name).unlink()
            if name in wanted:
                (folder / name).symlink_to(wanted[name])
