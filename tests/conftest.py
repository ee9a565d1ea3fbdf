"""Signals as in a terminal, how hypothesis searches, and copies of the project.

In the background, or under nohup, some signals are ignored by all that is started.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from project import SAID, Project

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# The same examples at every call, so that a change is judged by what it changes and never by luck, nor by how
# busy the machine is; whoever looks for counterexamples says --hypothesis-profile=search. A machine with a
# GPU has no hypothesis, and runs no test that needs it.
if find_spec("hypothesis"):
    from hypothesis import HealthCheck, settings

    settings.register_profile(
        "steady",
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.register_profile("search", settings.get_profile("steady"), derandomize=False, print_blob=True)
    settings.load_profile("steady")


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the projects, removed at the end: pytest would keep those of three sessions."""
    folder = tmp_path_factory.mktemp("projects")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def workshop(projects: Path) -> Path:
    """A folder for the projects of one module, so that no two modules' names meet."""
    return Path(tempfile.mkdtemp(dir=projects))


@pytest.fixture(scope="session")
def sources(projects: Path) -> Project:
    """The project's files, and nothing made yet. Not to be changed."""
    return Project.fresh(projects / "sources")


@pytest.fixture(scope="session")
def finished(sources: Project, projects: Path) -> Project:
    """The tiny study, run to its end. Not to be changed."""
    project = sources.copy(projects / "finished")
    (project.folder / SAID).write_text(project.run(), encoding="utf-8")
    return project


@pytest.fixture
def place(workshop: Path) -> Iterator[Path]:
    """A path for one test's project."""
    folder = workshop / "copy"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
