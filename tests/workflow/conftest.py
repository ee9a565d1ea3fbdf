"""Finished studies, run once a session, and a cheap copy for each test that changes one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from own_photos import write_archive, write_classes
from project import SINGLE, TINY, Project


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the projects, removed at the end: pytest would keep those of three sessions."""
    folder = tmp_path_factory.mktemp("projects")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def sources(workshop: Path) -> Project:
    """The project's files, and nothing made yet. Not to be changed."""
    return Project.fresh(workshop / "sources")


@pytest.fixture(scope="session")
def finished(sources: Project, workshop: Path) -> Project:
    """The tiny study, run to its end. Not to be changed."""
    project = sources.copy(workshop / "finished")
    project.run()
    return project


@pytest.fixture(scope="session")
def finished_own(finished: Project, workshop: Path) -> Project:
    """The tiny study, then data sets of the user's own: a folder and an archive. Not to be changed."""
    project = replace(finished.copy(workshop / "finished_own"), configs=(TINY, SINGLE))
    write_classes(project.folder / "mine")
    write_archive(project.folder / "photos.zip", seed=100)
    for dataset in ("mine", "photos.zip"):
        project.run("--config", f"dataset={dataset}")
    return project


@pytest.fixture
def place(workshop: Path) -> Iterator[Path]:
    """A path for one test's project."""
    folder = workshop / "copy"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def study(finished: Project, place: Path) -> Project:
    """A copy of the finished tiny study."""
    return finished.copy(place)


@pytest.fixture
def own(finished_own: Project, place: Path) -> Project:
    """A copy of the finished study with the user's own data sets."""
    return finished_own.copy(place)


@pytest.fixture
def fresh(sources: Project, place: Path) -> Project:
    """A copy of the project's files, and nothing made yet."""
    return sources.copy(place)
