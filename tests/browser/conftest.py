"""A browser, and finished studies with their pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import chromium
import many_classes
import pytest
from project import Project


@pytest.fixture(scope="session")
def browser() -> Iterator[chromium.Browser]:
    """Skips where there is none, unless REQUIRE_BROWSER is set."""
    if not chromium.is_there():
        told = "no chromium, chromedriver or axe-core: python tests/browser/install.py, as root"
        assert "REQUIRE_BROWSER" not in os.environ, told
        pytest.skip(told)
    one = chromium.Browser()
    yield one
    one.driver.quit()


@pytest.fixture(scope="session")
def many(browser: chromium.Browser, sources: Project, projects: Path) -> Project:  # noqa: ARG001
    """A finished study of 219 classes that are called anything. Not to be changed."""
    project = sources.copy(projects / "many")
    words = many_classes.write(project.folder)
    project = Project(project.folder, configs=(words[-1],))
    project.run()
    return project


@pytest.fixture(scope="session")
def page(many: Project) -> Path:
    """Its page."""
    return many.folder / "results/report.html"
