"""The workflow as a module of another one, by the Snakefile of docs/deployment.md, word for word."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from own_photos import write_classes
from project import Project

from places import ROOT

TEXT = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
(SNAKEFILE,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COMMAND, _ = re.findall(r"^```sh\nsnakemake (.*?)\n```$", TEXT, re.MULTILINE | re.DOTALL)
(DEPLOYED,) = re.findall(r"^```sh\n(pip install snakedeploy.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
EXPERIMENT = {"name": "one", "backbone": "googlenet", "optimizer": "sgd", "augmentation": "flip"}
CONFIG = {
    "study": "flowers",
    "dataset": "mine",
    "weights": "none",
    "recipe": {"image_size": 64, "batch_size": 4, "epochs": 1, "patience": 3, "precision": "fp32"},
    "experiments": [EXPERIMENT],
}


@pytest.fixture
def other(sources: Project, place: Path) -> Path:
    """The folder of another workflow, with a clone in it."""
    sources.copy(place / "few-shot-ablation")
    write_classes(place / "mine", photos=4)
    (place / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    (place / "flowers.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    return place


def run(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "snakemake", *COMMAND.split(), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output


def test_it_runs_below_its_prefix_and_is_made_once(other: Path) -> None:
    planned = re.findall(r"^(?:local)?rule (\w+):", run(other, "-n"), re.MULTILINE)
    steps = ("index", "pack", "train", "collect", "summarize", "answer", "latest")
    assert sorted(planned) == sorted(["count", *(f"ablation_{step}" for step in steps)])
    before = {path.name for path in other.iterdir()}
    run(other)
    assert {path.name for path in other.iterdir()} - before == {"experiments.txt", "flowers"}
    assert (other / "experiments.txt").read_text(encoding="utf-8").split()[0] == "2"
    assert not (other / "few-shot-ablation/resources").exists()
    assert "Nothing to be done" in run(other, "-n")


def test_its_page_is_made_too(other: Path) -> None:
    run(other, "flowers/results/report.html")
    page = (other / "flowers/results/report.html").read_text(encoding="utf-8")
    assert "This study is a module of another workflow" in page
    assert "6 photos of 2 classes" in page or "8 photos of 2 classes" in page


def test_snakedeploy_makes_a_workflow_that_runs(sources: Project, place: Path) -> None:
    project = sources.copy(place / "few-shot-ablation")
    write_classes(place / "mine", photos=4)
    # What a user would edit between the commands.
    *deploy, start = DEPLOYED.splitlines()
    shell(place, "\n".join(deploy))
    config = place / "flowers/config/config.yaml"
    assert config.read_bytes() == (project.folder / "config.yaml").read_bytes()
    whole = yaml.safe_load(config.read_text(encoding="utf-8"))
    whole["recipe"] |= CONFIG["recipe"]
    whole |= CONFIG | {"recipe": whole["recipe"], "dataset": str(place / "mine")}
    config.write_text(yaml.safe_dump(whole), encoding="utf-8")
    told = shell(place, start)
    assert "100%" in told
    assert (place / "flowers/results/report.html").stat().st_size
    assert "Nothing to be done" in shell(place, f"{start} -n")


def shell(folder: Path, commands: str) -> str:
    """Run commands as in the project's environment; return what they print."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euc", commands],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output
