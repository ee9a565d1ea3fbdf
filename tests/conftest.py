"""Signals as in a terminal, and copies of the project.

In the background, or under nohup, some signals are ignored by all that is started.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import Project

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


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


@pytest.fixture
def place(workshop: Path) -> Iterator[Path]:
    """A path for one test's project."""
    folder = workshop / "copy"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
