"""The benchmark of job arrays, in its smallest form."""

from __future__ import annotations

from pathlib import Path

import pytest
from documented import ON_SLURM, prepare, run
from project import Project


@pytest.mark.usefixtures("slurm")
@pytest.mark.parametrize("command", ON_SLURM)
def test_command(command: str, tmp_path: Path) -> None:
    project = Project.fresh(tmp_path / "project")
    prepare(project)
    output = run(project, command, PYTHONPATH=str(Path(__file__).with_name("quick")))
    assert "4 runs in 1 arrays: " in output
