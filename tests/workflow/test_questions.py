"""The commands of the questions and answers can be planned, word for word."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from own_photos import write_archive
from project import Project

from places import ROOT

TEXT = (ROOT / "docs/questions.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = list(dict.fromkeys(line for block in BLOCKS for line in block.splitlines()))


@pytest.fixture(scope="module")
def project(sources: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project, and photos beside it, which is the user's home."""
    home = tmp_path_factory.mktemp("home")
    write_archive(home / "my_photos.zip", photos=4)
    project = sources.copy(home / "project")
    project.pretend_environment()
    return project


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_can_be_planned(command: str, project: Project) -> None:
    home: Path = project.folder.parent
    path = os.pathsep.join([str(project.folder / ".venv/bin"), os.environ["PATH"]])
    env = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    dry = "" if command.startswith("make") or {"-n", "--unlock"} & set(command.split()) else " -n"
    done = subprocess.run(
        command + dry,
        shell=True,
        cwd=project.folder,
        env=env | {"PATH": path, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 10
