"""Snakemake started from another folder than the project's, or told to work in another one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from own_photos import write_classes
from project import SINGLE, TINY, Project

PACK = "resources/packs/mine/64px/photos.npy"


@pytest.fixture
def own(fresh: Project) -> Project:
    """The project, with a folder for the command and one for what is made, beside each other."""
    for name in ("command", "made"):
        (fresh.folder / name).mkdir()
    return replace(fresh, configs=(TINY, SINGLE))


def snakemake(project: Project, folder: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in a folder of the project's, with the overlays as they are called from there."""
    overlays = [str(project.folder / name) for name in project.configs]
    command = [sys.executable, "-m", "snakemake", *arguments, "--configfile", *overlays]
    where = project.folder / folder
    return subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)


ELSEWHERE = {
    "another working folder": (".", ("--directory", "made"), "made"),
    "another folder": ("command", ("-s", "../Snakefile"), "command"),
    "both": ("command", ("-s", "../Snakefile", "--directory", "../made"), "made"),
}


@pytest.mark.parametrize("way", ELSEWHERE)
@pytest.mark.parametrize("where", ["command", "made", "project"])
def test_photos_are_found_from_each_folder(own: Project, way: str, where: str) -> None:
    folder, options, made = ELSEWHERE[way]
    if where == "project":
        there = own.folder
    elif where == "command":
        there = own.folder / folder
    else:
        there = own.folder / made
    write_classes(there / "mine")
    done = snakemake(own, folder, PACK, *options, "--config", "dataset=mine")
    assert done.returncode == 0, done.stderr
    assert (own.folder / made / PACK).exists()
    again = snakemake(own, folder, PACK, *options, "-n", "--config", "dataset=mine")
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.parametrize("way", ELSEWHERE)
def test_the_projects_configuration_is_the_default(own: Project, way: str) -> None:
    folder, options, _ = ELSEWHERE[way]
    plain = replace(own, configs=())
    command = [sys.executable, "-m", "snakemake", "-n", "--verbose", *options]
    done = subprocess.run(command, cwd=own.folder / folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expected = plain.snakemake("-n", "--verbose")
    assert jobs(done.stdout + done.stderr) == jobs(expected.stdout + expected.stderr)
    assert any(job.startswith("train ") for job in jobs(done.stdout + done.stderr))


def jobs(output: str) -> set[str]:
    """Return how many jobs of each rule a plan's table has."""
    rows = (line.split() for line in output.splitlines())
    return {" ".join(row) for row in rows if len(row) == 2 and row[1].isdigit()}


def test_the_working_folders_own_configuration_goes_first(own: Project) -> None:
    (own.folder / "made/config.yaml").write_text("dataset: nowhere\n", encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "-n", "--directory", "made"]
    done = subprocess.run(command, cwd=own.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "config: " in done.stderr.splitlines()[-1]


def test_a_path_that_is_nowhere_names_the_folders(own: Project) -> None:
    done = snakemake(
        own, "command", "-s", "../Snakefile", "--directory", "../made", "--config", "dataset=a/mine"
    )
    folders = " or ".join(str(own.folder / name).rstrip("/.") for name in ("command", "made", ""))
    assert done.stderr.splitlines()[-1] == (
        f"config: dataset is 'a/mine', but there is no such file or folder in {folders}, from where relative "
        "paths are taken"
    )


def test_a_job_that_snakemake_starts_finds_the_same_photos(own: Project) -> None:
    """A `run` block starts a Snakemake of its own, as a cluster does: in the working folder."""
    write_classes(own.folder / "command/mine")
    code = (
        "Path(output[0]).write_text(f\"{config['dataset']} {config['recipe']['epochs']} {config['seeds']}\")"
    )
    own.append("Snakefile", f"\n\nrule told:\n    output: 'told.txt'\n    run:\n        {code}\n")
    typed = ("dataset=mine", "recipe={epochs: 7}", "seeds=2")
    done = snakemake(
        own, "command", "told.txt", "-s", "../Snakefile", "--directory", "../made", "--config", *typed
    )
    assert done.returncode == 0, done.stderr
    assert Path(own.folder, "made/told.txt").read_text(encoding="utf-8") == "../command/mine 7 [0, 1]"
