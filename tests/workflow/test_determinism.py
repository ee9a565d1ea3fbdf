"""The same seed gives the same results, whatever else runs and whoever starts the training."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project import Project
from tables import EXPERIMENTS, MEASURED, rows, run_of

FILES = ("history.csv", "predictions.csv")


def result(folder: Path) -> object:
    """Everything but times."""
    history = [[epoch[column] for column in ("epoch", *MEASURED)] for epoch in rows(folder / "history.csv")]
    read = [
        (folder / name).read_bytes() for name in ("predictions.csv", "outputs.npy", "weights.safetensors")
    ]
    return history, read


@pytest.mark.parametrize("cores", [1, 4])
def test_any_number_of_runs_at_once(study: Project, finished: Project, cores: int) -> None:
    """The finished study ran on all cores; here its runs go one by one, and all four at once."""
    shutil.rmtree(study.folder / "results/runs")
    targets = [f"{study.run_of(name)}/{file}" for name in EXPERIMENTS for file in FILES]
    study.run("--cores", str(cores), *targets)
    for name in EXPERIMENTS:
        assert result(run_of(study, name)) == result(run_of(finished, name)), name


def test_in_parts(study: Project, finished: Project) -> None:
    """As docs/scaling.md has it: the last of the parts makes the table."""

    def table(project: Project) -> list[list[str]]:
        found = rows(project.folder / "results/summary.csv")
        return [[row["experiment"], *(row[name] for name in MEASURED)] for row in found]

    shutil.rmtree(study.folder / "results")
    for number in (1, 2):
        part = ("results/summary.csv", "--batch", f"collect={number}/2")
        assert len([job for job in study.plan(*part) if job.startswith("train ")]) == 2
        assert not (study.folder / "results/summary.csv").exists()
        study.run(*part)
        assert not list((study.folder / "results/runs").rglob("checkpoint.pt"))
    assert table(study) == table(finished)


def test_plain_python(study: Project, finished: Project, tmp_path: Path) -> None:
    """As on a cluster's node: nothing but the scripts, in another folder."""
    scripts, folder = study.folder / "workflow/scripts", run_of(finished, "rung-normalize")
    spec = json.dumps(json.loads((folder / "spec.json").read_text(encoding="utf-8")))
    pack = study.folder / "resources/packs/demo/64px"
    weights = next((study.folder / "resources/weights/drawn").glob("googlenet-*.safetensors"))
    common = ["--run", tmp_path / "run", "--pack", pack]
    train = ("train", "--spec", spec, "--weights", weights)
    for name, *arguments in (train, ("evaluate",)):
        subprocess.run([sys.executable, scripts / f"{name}.py", *arguments, *common], check=True)
    assert result(tmp_path / "run") == result(folder)
