"""MLflow's store of a study, read by MLflow's own client."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hand_made_runs
import pytest
import tracked_runs

from ablation.results import mlflow_store
from ablation.results.tracked import MEASURES, Tracked
from ablation.training.history import Epoch

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

# In the order of the alphabet, as classes are numbered; the second is the commonest.
HOSTILE = ["'; DROP TABLE runs; --", '<b>"\u202e\u7167\u7247 %s {x}', "~/\\etc"]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests tell MLflow's makers nothing either."""
    for name, value in mlflow_store.QUIET.items():
        monkeypatch.setenv(name, value)


def client(path: Path) -> MlflowClient:
    """Of a copy: within a process MLflow goes on with the file that it opened under a name."""
    from mlflow import MlflowClient

    copy = shutil.copy(path, Path(tempfile.mkdtemp()) / "copy.db")
    return MlflowClient(f"sqlite:///{copy}")


def runs(path: Path, study: str = "demo/default") -> dict[str, Run]:
    """The runs of a study in a store, by their names."""
    its = client(path)
    found = its.search_runs([its.get_experiment_by_name(study).experiment_id])
    assert len({one.info.run_name for one in found}) == len(found)
    return {one.info.run_name: one for one in found}


def written(run: Tracked, path: Path) -> Run:
    mlflow_store.write([run], path)
    return runs(path)[run.name]


def test_values_tags_and_results(tmp_path: Path) -> None:
    run = tracked_runs.run(tmp_path / "runs")
    found = written(run, tmp_path / "out/mlflow.db")
    assert found.data.params == {name: str(value) for name, value in run.values.items()}
    assert found.data.tags == run.tags | {"mlflow.runName": "alexnet-flip/seed0"}
    assert found.data.metrics == run.epochs[-1] | run.row
    assert found.data.metrics["run/val_accuracy"] == 0.5
    assert found.info.status == "FINISHED"
    assert found.info.end_time == pytest.approx(1000 * run.ended, abs=1)
    assert found.info.end_time - found.info.start_time == pytest.approx(14_000, abs=1)


@pytest.mark.parametrize("epochs", [4, 700])
def test_each_epoch_is_a_step(epochs: int, tmp_path: Path) -> None:
    """Also where there are more numbers than MLflow takes at once."""
    history = [Epoch(step, 1 / step, 0.5, 0.1 + 2 / step, 0.25, 1.0, 0.5) for step in range(1, epochs + 1)]
    run = tracked_runs.run(tmp_path / "runs", history=history)
    found, its = written(run, tmp_path / "out/mlflow.db"), client(tmp_path / "out/mlflow.db")
    for name in (f"epoch/{name}" for name in MEASURES):
        points = its.get_metric_history(found.info.run_id, name)
        assert [one.step for one in points] == list(range(1, epochs + 1))
        # Exactly, as the history has them.
        assert [one.value for one in points] == [epoch[name] for epoch in run.epochs]
        times = [one.timestamp - found.info.start_time for one in points]
        assert times == pytest.approx([1000 * seconds for seconds in run.seconds], abs=2)


def test_the_picture_is_found_by_its_run(tmp_path: Path) -> None:
    """In a folder of any name."""
    run = tracked_runs.run(tmp_path / "runs")
    path = tmp_path / "a %20 b#\u7167/out/mlflow.db"
    found, its = written(run, path), client(path)
    (picture,) = its.list_artifacts(found.info.run_id)
    assert (picture.path, picture.file_size) == ("curves.png", run.curves.stat().st_size)
    (tmp_path / "copies").mkdir()
    copy = Path(its.download_artifacts(found.info.run_id, "curves.png", str(tmp_path / "copies")))
    assert copy.read_bytes() == run.curves.read_bytes()
    assert {one.name for one in path.parent.iterdir()} == {"mlflow.db", "artifacts"}


def test_names_of_any_kind_are_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand_made_runs, "CATEGORIES", HOSTILE)
    names = ["a.b_c-0.001", "a.b_c-0.002"]
    every = [tracked_runs.run(tmp_path / "runs", name, label=f"{HOSTILE[0]} {name}") for name in names]
    mlflow_store.write(every, tmp_path / "out/mlflow.db")
    found = runs(tmp_path / "out/mlflow.db")
    assert [*sorted(found)] == [f"{name}/seed0" for name in names]
    assert {one.data.tags["commonest_class"] for one in found.values()} == {HOSTILE[1]}
    assert {one.data.tags["label"] for one in found.values()} == {f"{HOSTILE[0]} {name}" for name in names}


def test_it_is_made_anew_as_a_whole(tmp_path: Path) -> None:
    """A run that is gone is in it no longer, nor its picture."""
    one, other = (tracked_runs.run(tmp_path / "runs", "one", seed=seed) for seed in (0, 1))
    path = tmp_path / "out/mlflow.db"
    mlflow_store.write([one, other], path)
    assert [*sorted(runs(path))] == ["one/seed0", "one/seed1"]
    mlflow_store.write([other], path)
    assert [*runs(path)] == ["one/seed1"]
    assert len(list(path.parent.rglob("curves.png"))) == 1


def test_one_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    run = tracked_runs.run(tmp_path / "runs")
    path = tmp_path / "out/mlflow.db"
    written(run, path)

    def every() -> Iterator[Tracked]:
        yield run
        raise ValueError("the second is damaged")

    with pytest.raises(ValueError, match="damaged"):
        mlflow_store.write(every(), path)
    assert [*runs(path)] == [run.name]
    assert [one.name for one in tmp_path.iterdir() if one.name != "runs"] == ["out"]


def test_it_is_a_whole_database_that_names_no_user(tmp_path: Path) -> None:
    path = tmp_path / "out/mlflow.db"
    found = written(tracked_runs.run(tmp_path / "runs"), path)
    with sqlite3.connect(path) as database:
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
    assert found.info.user_id == "unknown"
    assert not any(word in os.environ for word in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID"))
