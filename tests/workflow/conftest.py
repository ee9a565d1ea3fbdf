"""Finished studies, run once a session, and a cheap copy for each test that changes one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from own_photos import write_archive, write_classes
from project import SINGLE, TINY, Project


@pytest.fixture(scope="session")
def finished_own(finished: Project, projects: Path) -> Project:
    """The tiny study, then data sets of the user's own: a folder and an archive. Not to be changed."""
    project = replace(finished.copy(projects / "finished_own"), configs=(TINY, SINGLE))
    write_classes(project.folder / "mine")
    write_archive(project.folder / "photos.zip", seed=100)
    for dataset in ("mine", "photos.zip"):
        project.run("--config", f"dataset={dataset}")
    return project


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
