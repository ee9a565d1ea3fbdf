"""Files for trackers, made of what a finished study left, by the commands of the document, word for word."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from plans import COMPARISON, RUNS, jobs, whole
from project import TINY, Project, contents
from tables import EXPERIMENTS, rows

from places import ROOT

TEXT = (ROOT / "docs/configuration.md").read_text(encoding="utf-8").partition("\n## Trackers\n")[2]
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
((INSTALL, RUN, TENSORBOARD), (INSTALL_MLFLOW, MLFLOW)) = (block.splitlines() for block in BLOCKS)
ONE, BOTH = ("--config", "trackers=tensorboard"), ("--config", "trackers=tensorboard,mlflow")
EVENTS = "results/tensorboard/demo/tiny"
NAME = "events.out.tfevents.run"
# Of a study without MLflow's packages: what finds packages says that these are not there.
WITHOUT = """
import importlib.metadata
found = importlib.metadata.distribution
def distribution(name):
    if name in ("mlflow-skinny", "alembic"):
        raise importlib.metadata.PackageNotFoundError(name)
    return found(name)
importlib.metadata.distribution = distribution
"""


def tracked(*runs: str) -> set[str]:
    return jobs(runs, "track_tensorboard")


def event_files(project: Project, study: str = "tiny") -> dict[str, bytes]:
    """Event files by the runs that they are of."""
    root = project.folder / "results/tensorboard/demo" / study
    return {path.parent.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob(NAME)}


def mlflow_runs(project: Project, uri: str) -> dict[str, dict[str, Any]]:
    """The runs in a store by their names, by MLflow's client, in a process in the project's folder."""
    code = (
        "import json, sys; from mlflow import MlflowClient; client = MlflowClient(sys.argv[1])\n"
        "ids = [one.experiment_id for one in client.search_experiments()]\n"
        "found = [(one, client.list_artifacts(one.info.run_id)) for one in client.search_runs(ids)]\n"
        "print(json.dumps({one.info.run_name: one.data.to_dictionary() |"
        " {'files': [file.path for file in files]} for one, files in found}))"
    )
    quiet = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [sys.executable, "-c", code, uri]
    done = subprocess.run(command, cwd=project.folder, env=quiet, check=True, capture_output=True, text=True)
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def with_files(finished: Project, workshop: Path) -> Project:
    """A finished study to which both were added. Not to be changed."""
    project = finished.copy(workshop / "with_files")
    project.run(*BOTH)
    return project


@pytest.fixture
def shown(with_files: Project, place: Path) -> Project:
    """A copy of it."""
    return with_files.copy(place)


def test_they_are_off(finished: Project, sources: Project) -> None:
    assert finished.plan() == set()
    assert not [job for job in sources.plan() if job.startswith("track")]
    assert not (finished.folder / "results/tensorboard").exists()


def test_added_to_a_finished_study_nothing_else_is_made(study: Project) -> None:
    assert study.plan(*ONE) - {"all"} == tracked(*RUNS)
    assert study.plan("--config", "trackers=mlflow") - {"all"} == {"track_mlflow"}
    assert study.plan(*BOTH) - {"all"} == {*tracked(*RUNS), "track_mlflow"}
    # As in a file.
    study.edit(lambda config: config.update(trackers=["mlflow", "tensorboard"]))
    assert study.plan() - {"all"} == {*tracked(*RUNS), "track_mlflow"}


def test_a_fresh_study_makes_them_last(fresh: Project) -> None:
    assert fresh.plan(*BOTH) - fresh.plan() == {*tracked(*RUNS), "track_mlflow"}


def test_what_was_made_stays_and_so_does_the_study(with_files: Project, finished: Project) -> None:
    assert with_files.plan(*BOTH) == set()
    assert with_files.plan() == set()
    before, after = contents(finished.folder / "results"), contents(with_files.folder / "results")
    assert {name: after[name] for name in before} == before
    added = {Path(name).parts[0] for name in after.keys() - before.keys()}
    assert added == {"tensorboard", "mlflow"}
    assert event_files(with_files).keys() == {f"{name}/seed0" for name in EXPERIMENTS}


def test_another_seed_makes_that_runs_alone(shown: Project) -> None:
    shown.edit(lambda config: config.update(seeds=[0, 1]))
    new = tuple(run.replace(" 0", " 1") for run in RUNS)
    assert shown.plan(*ONE) == {*whole(*new), *COMPARISON, *tracked(*new)}
    # The store is one.
    assert shown.plan(*BOTH) - shown.plan(*ONE) == {"track_mlflow"}


def test_a_run_of_other_values_makes_that_runs_alone(shown: Project) -> None:
    shown.edit(lambda config: config["experiments"][1].update(architecture=["original"], learning_rate=0.02))
    changed = "alexnet-original 0"
    assert {job for job in shown.plan(*ONE) if job.startswith("track")} == tracked(changed)
    assert {job for job in shown.plan(*BOTH) if job.startswith("t")} == {
        *tracked(changed),
        "track_mlflow",
        f"train {changed}",
    }


def test_a_run_that_trained_again_has_its_own_made_anew(shown: Project) -> None:
    run = shown.run_of("rung-none")
    (shown.folder / run / "record.json").unlink()
    assert {job for job in shown.plan(*ONE) if job.startswith("track")} == tracked("rung-none 0")
    assert "train rung-none 0" in shown.plan(*ONE)


def test_an_experiment_that_is_renamed_trains_nothing(shown: Project) -> None:
    before = event_files(shown)
    shown.edit(lambda config: config["experiments"][0].update(name="step"))
    renamed = tracked("step-none 0", "step-normalize 0")
    assert shown.plan(*ONE) - COMPARISON == renamed
    told = shown.run(*ONE)
    assert f"Removed {EVENTS}/rung-none/seed0/{NAME}: the study no longer has that run" in told
    after = event_files(shown)
    assert after.keys() == {run.replace("rung-", "step-") for run in before}
    assert {run: after[run] for run in before.keys() & after.keys()} == {
        run: content for run, content in before.items() if not run.startswith("rung-")
    }


def test_their_own_code_concerns_them_alone(shown: Project) -> None:
    shown.append("workflow/scripts/ablation/results/event_files.py", "\n\nODD = 1\n")
    assert shown.plan(*BOTH) - {"all"} == tracked(*RUNS)
    assert shown.plan() == set()
    shown.append("workflow/scripts/ablation/results/tracked.py", "\n\nODD = 1\n")
    assert shown.plan(*BOTH) - {"all"} == {*tracked(*RUNS), "track_mlflow"}


def test_a_file_that_was_deleted_is_made_again_as_it_was(shown: Project) -> None:
    before = event_files(shown)
    (shown.folder / EVENTS / "rung-none/seed0" / NAME).unlink()
    assert shown.plan(*BOTH) - {"all"} == tracked("rung-none 0")
    shown.run(*BOTH)
    assert event_files(shown) == before


def test_a_wrong_word_is_told_in_one_line(study: Project) -> None:
    done = study.snakemake("-n", "--config", "trackers=tensorbord")
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "tensorbord" in line]
    assert line.endswith("config: trackers[0] is 'tensorbord'; one of: tensorboard, mlflow")
    assert "Traceback" not in done.stderr


def test_a_missing_package_is_told_in_one_line_before_anything_runs(
    study: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = study.snakemake(*BOTH)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "mlflow" in line and "trackers has" in line]
    assert "whose packages are not all installed (mlflow-skinny, alembic): run " in line
    assert "Traceback" not in done.stderr
    assert not (study.folder / "results/tensorboard").exists()
    # In environments of Snakemake's own they need not be here.
    assert "trackers has" not in study.snakemake(*BOTH, "-n", "--software-deployment-method", "conda").stderr
    assert study.snakemake(*ONE, "-n").returncode == 0


def test_the_store_is_made_and_nobody_is_told(shown: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow otherwise leaves a number by which it is known in the user's folder, as it starts."""
    home = shown.folder / "home"
    home.mkdir()
    for name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "XDG_CONFIG_HOME", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    (shown.folder / "results/mlflow/demo/tiny/mlflow.db").unlink()
    assert shown.plan(*BOTH) - {"all"} == {"track_mlflow"}
    shown.run(*BOTH)
    assert not list(home.rglob("*mlflow*"))
    assert not (shown.folder / "mlruns").exists()
    assert mlflow_runs(shown, "sqlite:///results/mlflow/demo/tiny/mlflow.db").keys() == {
        f"{name}/seed0" for name in EXPERIMENTS
    }


# --- the document's commands ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def documented(finished: Project, workshop: Path) -> Project:
    """The finished study as the study of config.yaml, and then the documented command."""
    project = finished.copy(workshop / "documented")
    own = yaml.safe_load((project.folder / "config.yaml").read_text(encoding="utf-8"))
    tiny = yaml.safe_load((project.folder / TINY).read_text(encoding="utf-8"))
    whole = {key: {**own[key], **value} if isinstance(value, dict) else value for key, value in tiny.items()}
    for section in ("datasets", "weight_sources"):
        whole[section] = {
            name: {**own[section].get(name, {}), **its}
            for name, its in {**own[section], **tiny[section]}.items()
        }
    (project.folder / "config.yaml").write_text(yaml.safe_dump({**own, **whole}), encoding="utf-8")
    project.pretend_environment()
    path = os.pathsep.join([str(project.folder / ".venv/bin"), os.environ["PATH"]])
    env = os.environ | {"PATH": path}
    done = subprocess.run(
        RUN, shell=True, cwd=project.folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search(r"^(pre)?trained ", done.stdout + done.stderr, re.MULTILINE)
    return Project(project.folder, configs=())


@contextmanager
def served(project: Project) -> Iterator[str]:
    """TensorBoard by the documented command, at a free port; yields where it answers."""
    command = [Path(sys.executable).parent / "tensorboard", *shlex.split(TENSORBOARD)[1:], "--port", "0"]
    with subprocess.Popen(command, cwd=project.folder, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        told = next((line for line in server.stderr if " at http" in line), "")
        try:
            yield told.split(" at ")[1].split()[0]
        finally:
            server.terminate()


def ask(address: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_tensorboard_shows_every_run(documented: Project) -> None:
    wanted = {f"demo/default/{name}/seed0" for name in EXPERIMENTS}
    table = {row["experiment"]: row for row in rows(documented.study_folder / "runs.csv")}
    with served(documented) as address:
        # It reads the files after it has begun to answer.
        while set(ask(f"{address}data/runs")) != wanted:
            time.sleep(0.2)
        groups = {"experimentName": "", "startIndex": 0, "sliceSize": 10, "colParams": []}
        statuses = {"allowedStatuses": ["STATUS_SUCCESS"]}
        while (
            len(ask(f"{address}data/plugin/hparams/session_groups", groups | statuses)["sessionGroups"]) < 4
        ):
            time.sleep(0.2)
        found = ask(f"{address}data/plugin/hparams/session_groups", groups | statuses)["sessionGroups"]
        images = ask(f"{address}data/plugin/images/tags")
        texts = ask(f"{address}data/plugin/text/tags")
    assert images.keys() == texts.keys() == wanted
    for one in found:
        data_set, study, experiment, run = one["name"].split("/")
        assert (data_set, study, run) == ("demo", "default", "seed0")
        row = table[experiment]
        for name in ("backbone", "architecture", "augmentation", "optimizer", "weights"):
            assert one["hparams"][name] == row[name]
        assert one["hparams"]["batch_size"] == float(row["batch_size"])
        values = {each["name"]["tag"]: each["value"] for each in one["metricValues"]}
        for name in ("val_accuracy", "macro_f1", "val_loss", "best_epoch"):
            assert values[f"run/{name}"] == pytest.approx(float(row[name]), rel=1e-6)


def test_mlflow_has_every_run_in_the_store_that_the_command_names(documented: Project) -> None:
    (uri,) = re.findall(r"--backend-store-uri (\S+)", MLFLOW)
    found = mlflow_runs(documented, uri)
    assert found.keys() == {f"{name}/seed0" for name in EXPERIMENTS}
    for row in rows(documented.study_folder / "runs.csv"):
        one = found[f"{row['experiment']}/seed0"]
        assert one["files"] == ["curves.png"]
        assert one["params"]["optimizer.learning_rate"] == "0.01"
        assert one["metrics"]["run/val_accuracy"] == float(row["val_accuracy"])
        assert one["metrics"]["run/macro_f1"] == pytest.approx(float(row["macro_f1"]))
        assert (one["tags"]["study"], one["tags"]["data_set"]) == ("default", "demo")


def test_the_documented_requirements_are_those_that_are_pinned() -> None:
    """What shows a store is of the version that wrote it: another would ask for the store to be converted."""
    (file,) = re.findall(r"-r (\S+)", INSTALL)
    pinned = (ROOT / file).read_text(encoding="utf-8")
    (version,) = re.findall(r"mlflow==(\S+)", INSTALL_MLFLOW)
    assert f"\nmlflow-skinny=={version}\n" in pinned
    assert MLFLOW.startswith("MLFLOW_DISABLE_TELEMETRY=true .venv-mlflow/bin/mlflow ui ")
    assert ".venv-mlflow/bin/pip install" in INSTALL_MLFLOW
