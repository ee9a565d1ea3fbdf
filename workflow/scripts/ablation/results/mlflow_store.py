"""MLflow's local store of a study: a SQLite file, and the pictures that its runs name as artifacts."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.results.tracked import Tracked
from ablation.running.files import atomic_folder

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

# Beside the file.
ARTIFACTS = "artifacts"
# What MLflow calls a run by.
_NAME = "mlflow.runName"
# By which MLflow tells its makers nothing; heeded as it is imported.
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
# So many of each kind it takes at once.
_MOST = 1000


def write(runs: Iterable[Tracked], path: Path) -> None:
    """Write the store of runs, in an experiment for each study; its folder is replaced, whole or not at all.

    The names of runs are MLflow's own and drawn at random, so the same runs do not give the same bytes.
    Pictures are named by whole paths: where the folder was moved, they are found again once it is made anew.
    """
    os.environ |= QUIET
    from mlflow import MlflowClient

    with atomic_folder(path.parent) as staging:
        # Its own name each time: within a process MLflow goes on with the file that it opened under a name.
        made = staging / f"{uuid.uuid4().hex}.db"
        client = MlflowClient(f"sqlite:///{made}")
        place = (path.parent.absolute() / ARTIFACTS).as_uri()
        experiments: dict[str, str] = {}
        for run in runs:
            if run.study not in experiments:
                experiments[run.study] = client.create_experiment(run.study, artifact_location=place)
            name = add(client, experiments[run.study], run)
            picture = staging / ARTIFACTS / name / "artifacts" / run.curves.name
            picture.parent.mkdir(parents=True)
            shutil.copyfile(run.curves, picture)
        made.rename(staging / path.name)


def add(client: MlflowClient, experiment: str, run: Tracked) -> str:
    """Add a run to an experiment of a store; return MLflow's name of it."""
    from mlflow.entities import Param, RunTag

    start = run.ended - run.seconds[-1]
    made = client.create_run(experiment, milliseconds(start), tags={_NAME: run.name})
    name: str = made.info.run_id
    values = [Param(key, str(value)) for key, value in run.values.items()]
    client.log_batch(name, params=values, tags=[RunTag(key, value) for key, value in run.tags.items()])
    measured = metrics(run, start)
    for first in range(0, len(measured), _MOST):
        client.log_batch(name, metrics=measured[first : first + _MOST])
    client.set_terminated(name, end_time=milliseconds(run.ended))
    return name


def metrics(run: Tracked, start: float) -> Sequence[Metric]:
    """Return a run's numbers, those of an epoch at its number, each with the time at which it was known."""
    from mlflow.entities import Metric

    found: list[Any] = []
    for step, (epoch, seconds) in enumerate(zip(run.epochs, run.seconds, strict=True), start=1):
        found += [Metric(key, value, milliseconds(start + seconds), step) for key, value in epoch.items()]
    last = len(run.epochs)
    return found + [Metric(key, value, milliseconds(run.ended), last) for key, value in run.row.items()]


def milliseconds(seconds: float) -> int:
    """Return a time as MLflow counts it."""
    return round(seconds * 1000)
