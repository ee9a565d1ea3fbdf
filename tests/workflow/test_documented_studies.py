"""The studies of the README, by its commands, word for word, on a user's photos in their home."""

from __future__ import annotations

import html
import re
import zipfile
from pathlib import Path

import pytest
from own_photos import write_archive
from project import Project
from tables import rows

from places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^snakemake --config study=\w+.*$", README, re.MULTILINE)
CHECKS = re.findall(r"^make check .*$", README, re.MULTILINE)
DEPLOYMENT = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
(CRATE,) = re.findall(r"^snakemake crate .*$", DEPLOYMENT, re.MULTILINE)
QUICK = [command for command in COMMANDS if "study=quick" in command]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of the project, and the photos beside it, which is the user's home."""
    write_archive(tmp_path / "my_photos.zip", photos=4)
    project = Project.fresh(tmp_path / "project")
    project.pretend_environment()
    return project


@pytest.mark.parametrize("command", CHECKS)
def test_a_look_at_the_photos(command: str, project: Project) -> None:
    told = project.shell(command)
    assert "my_photos: 8 photos of 2 classes\n" in told
    # Not what unpacking leaves beside the photos.
    assert "Left out    nothing\n" in told
    (row, _) = rows(project.folder / "results/data/my_photos/classes.csv")
    assert row == {"class": "rose", "photos": "4", "train": "3", "val": "1"} | {"test": "0"}
    assert not (project.folder / "resources/packs").exists()


@pytest.mark.parametrize("command", QUICK)
def test_the_quick_study_answers_offline(command: str, project: Project) -> None:
    project.shell(command)
    table = rows(project.folder / "results/summary.csv")
    assert {row["weights"] for row in table} == {"lite"}
    assert {row["ended"] for row in table} <= {"epoch_limit", "early_stop"}
    comparison = project.folder / "results/comparison/my_photos/quick"
    assert (comparison / "experiments.png").stat().st_size
    page = (project.folder / "results/report.html").read_text(encoding="utf-8")
    assert html.escape(command.split("#")[0].partition("--config ")[2].split()[0]) in page
    # For others to check, without a training.
    told = project.shell(CRATE)
    assert "none to train" in told
    assert f"The crate: {comparison.relative_to(project.folder)}/crate.zip" in told
    with zipfile.ZipFile(comparison / "crate.zip") as crate:
        names = set(crate.namelist())
    assert {"ro-crate-metadata.json", "manifest.csv", "report.html"} <= names


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in QUICK])
def test_every_other_study_can_be_planned(command: str, project: Project) -> None:
    """They need an internet connection, or a GPU."""
    assert "train" in project.shell(f"{command.split('#')[0]} -n")


def test_there_are_studies() -> None:
    assert len(QUICK) == len(CHECKS) == 1
    assert len(COMMANDS) >= 3
