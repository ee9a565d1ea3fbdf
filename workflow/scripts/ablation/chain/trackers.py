"""What the rules of trackers ask: which files each leaves, of which runs, and if its packages are there."""

from __future__ import annotations

import json
import re
import shlex
import sys
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from ablation.chain import paths
from ablation.running.errors import UserError
from ablation.spec import Spec, run_name
from ablation.study.experiments import Experiment
from ablation.study.names import known
from ablation.study.study import Study

TENSORBOARD, MLFLOW = "tensorboard", "mlflow"
# What each imports, as packages are called; the study's own need not be said.
PACKAGES = {TENSORBOARD: ("tensorboard",), MLFLOW: ("mlflow-skinny", "alembic", "sqlalchemy")}
# Where they are pinned, in the project.
REQUIREMENTS = "requirements-trackers.txt"
# What a finished run has that trackers read. Its history and outputs came with the record.
READ = ("record.json", "curves.png")
_RUN = re.compile(r"seed[0-9]+(-fold[0-9]+)?")


def require_packages(study: Study, project: str) -> None:
    """Raise UserError if a tracker of the study lacks a package in this Python, with the command for it."""
    for tracker in study.config["trackers"]:
        missing = [name for name in PACKAGES[tracker] if not installed(name)]
        if missing:
            command = [sys.executable, "-m", "pip", "install", "-r", str(Path(project, REQUIREMENTS))]
            told = (
                f"config: trackers has {tracker}, whose packages are not all installed ({', '.join(missing)})"
            )
            raise UserError(f"{told}: run {shlex.join(command)}, or take {tracker} out of trackers")


def installed(package: str) -> bool:
    """Tell whether this Python has a package."""
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


class Trackers:
    """The files of a study's trackers, and what they are made of. `prefix` is that of a Snakemake module."""

    def __init__(self, study: Study, prefix: str = "") -> None:
        self.study, self.prefix = study, prefix
        self.runs = paths.runs(study.dataset.name)
        names = study.dataset.name, study.name
        self.events, self.store = paths.events(*names), paths.mlflow(*names)

    def targets(self) -> list[str]:
        """Return what the study's trackers leave: none, unless the configuration names some."""
        asked = self.study.config["trackers"]
        stores = [self.store] if MLFLOW in asked else []
        return [*stores, *(self.event_files() if TENSORBOARD in asked else [])]

    def event_files(self) -> list[str]:
        """Return TensorBoard's file of each run of the study, by the experiment's name."""
        return [
            paths.EVENTS.format(folder=self.events, experiment=one.name, run=Path(folder).name)
            for one in self.study.experiments.values()
            for folder in one.folders()
        ]

    def remove_others(self) -> None:
        """Remove TensorBoard's files of runs that the study has no longer: it would show them too."""
        if TENSORBOARD not in self.study.config["trackers"]:
            return
        wanted = set(map(Path, self.event_files()))
        for path in sorted(Path(self.events).glob("*/*/*tfevents*")):
            if path not in wanted and _RUN.fullmatch(path.parent.name):
                path.unlink()
                print(f"Removed {path}: the study no longer has that run")
                for folder in path.parents[:2]:
                    if not any(folder.iterdir()):
                        folder.rmdir()

    def files(self, wildcards: Any) -> list[str]:
        """Return what of one run is read."""
        return [f"{self.runs}/{self._folder(wildcards)}/{name}" for name in READ]

    def all_files(self, _wildcards: Any) -> list[str]:
        """Return what is read of every run of the study."""
        return [f"{self.runs}/{run}/{name}" for run in self.study.runs() for name in READ]

    def folder(self, _wildcards: Any) -> str:
        """Return the folder of all runs, for a script."""
        return self.prefix + self.runs

    def line(self, wildcards: Any) -> str:
        """Return what a tracker shows of one run and cannot read from its files, as `described` writes it."""
        one, spec = self._run(wildcards)
        return self.described(one, spec)

    def lines(self, _wildcards: Any) -> str:
        """Return that of every run of the study, a line each."""
        every = self.study.experiments.values()
        return "\n".join(self.described(one, spec) for one in every for spec in one.runs())

    def described(self, one: Experiment, spec: Spec) -> str:
        """Return a run as JSON: the line of `Study.table`, and the spec that trained it."""
        whose = {"study": self.study.name, "data_set": self.study.dataset.name}
        own = {"seed": spec.seed, "fold": spec.fold or None, "spec": json.loads(spec.to_json())}
        return json.dumps({**whose, **one.described(), **own})

    def _folder(self, wildcards: Any) -> str:
        one, spec = self._run(wildcards)
        return f"{one.folder}/{run_name(spec.seed, spec.fold)}"

    def _run(self, wildcards: Any) -> tuple[Experiment, Spec]:
        name, run = wildcards.experiment, f"seed{wildcards.seed}{wildcards.fold}"
        if (name, run) not in self._by_name:
            known(name, self.study.experiments, "the target's experiment", "experiment of this study")
            runs = [run for one, run in self._by_name if one == name]
            known(run, runs, "the target's run", f"run of {name}")
        return self._by_name[name, run]

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], tuple[Experiment, Spec]]:
        """Every run by its experiment's name and its own: Snakemake asks for each several times."""
        return {
            (one.name, run_name(spec.seed, spec.fold)): (one, spec)
            for one in self.study.experiments.values()
            for spec in one.runs()
        }
