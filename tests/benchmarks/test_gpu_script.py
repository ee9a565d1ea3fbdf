"""benchmarks/gpu.sh: in its smallest form on a CPU, and what it does about time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from documented import ON_GPU, gpu_python, prepare, run
from project import Project

import report_specs
from gpu import part, parts, report_study
from gpu import run as script
from places import ROOT
from results import Row, read
from sizes import FULL

REHEARSAL = "make rehearse"
# A part that notes that it ran, and measures nothing.
STAND_IN = """
import sys
with open(sys.argv[2] + "/ran", "a") as file:
    file.write(sys.argv[1] + " ")
"""


@pytest.mark.slow
def test_rehearsal(tmp_path: Path) -> None:
    """All parts come to their ends and leave their rows."""
    if gpu_python() is None:
        reason = "PyTorch as on a machine with a GPU is missing: make .venv-gpu/done"
        pytest.fail(reason) if os.environ.get("REQUIRE_PEERS") else pytest.skip(reason)
    project = Project.fresh(tmp_path / "project")
    prepare(project)
    output = run(project, REHEARSAL, PYTHON=str(gpu_python()))
    ends = "; ".join(f"{name} done" for name in parts.PARTS)
    assert output.splitlines()[-1].endswith(f" s: {ends}.")
    found = {row.benchmark for row in read(project.folder / "gpu-results/results.csv")}
    assert found == set(parts.PARTS)


@pytest.mark.parametrize("command", [one for one in ON_GPU if one != REHEARSAL])
def test_command(command: str, tmp_path: Path) -> None:
    """All parts, or those that the command names, in their order; what each does, the rehearsal shows."""
    assert REHEARSAL in ON_GPU
    project = Project.fresh(tmp_path / "project")
    (project.folder / "benchmarks/gpu/part.py").write_text(STAND_IN, encoding="utf-8")
    output = run(project, command, PYTHON=sys.executable)
    named = [word for word in command.split() if word in parts.PARTS] or list(parts.PARTS)
    ends = "; ".join(f"{name} done" for name in named)
    assert output.splitlines()[-1].endswith(f" s: {ends}.")
    assert (project.folder / "gpu-results/ran").read_text(encoding="utf-8").split() == named


def test_the_reports_specs_are_those_of_its_study() -> None:
    text = report_study.SPECS.read_text(encoding="utf-8")
    how = "python benchmarks/report_specs.py > benchmarks/report_specs.jsonl"
    assert text.splitlines() == report_specs.lines(), f"write them again: {how}"


def test_all_parts_are_done_within_nine_minutes() -> None:
    assert sum(one.seconds for one in parts.PARTS.values()) <= 9 * 60


def test_in_full_the_reports_study_is_the_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_study, "SIZES", FULL)
    found = report_study.specs()
    assert len(found) == 17
    assert {(one.image_size, one.batch_size, one.epochs) for one in found.values()} == {(224, 64, 40)}


@pytest.fixture
def slow_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A part that starts a training, notes both processes and waits."""
    program = tmp_path / "gpu/part.py"
    program.parent.mkdir()
    program.write_text(
        "import os, subprocess, sys, time\n"
        "other = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[2] + '/part', 'w').write(f'{os.getpid()} {other.pid}')\n"
        "os.rename(sys.argv[2] + '/part', sys.argv[2] + '/' + sys.argv[1])\n"
        "time.sleep(600)\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(script, "HERE", tmp_path)
    return tmp_path


def test_a_part_that_takes_too_long_is_cut_off_with_all_its_processes(slow_part: Path) -> None:
    ended = ""
    for seconds in (1, 5, 30, 100):  # until it has come as far as to start its other process
        ended = script.run("study", slow_part, slow_part, time.monotonic() + seconds)
        if (slow_part / "study").exists():
            break
    assert ended == "cut off"
    for number in map(int, (slow_part / "study").read_text(encoding="utf-8").split()):
        while lives(number):  # what is killed may take a moment to end
            time.sleep(0.01)


def lives(number: int) -> bool:
    """Tell whether a process runs; one that nobody has asked for its status does not."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_each_row_is_on_disk_before_the_next_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def measure(out: Path, _scratch: Path) -> Iterator[Row]:
        for number in range(3):
            seen.append(len(read(out / "results.csv")))
            yield Row.of("work", f"subject {number}", "s", [number], None)

    monkeypatch.setitem(part.PARTS, "epoch", parts.Part("", 1, measure))
    monkeypatch.setattr(sys, "argv", ["part.py", "epoch", str(tmp_path), str(tmp_path)])
    part.main()
    assert seen == [0, 1, 2]
    assert "| work | subject 0 |" in (tmp_path / "results.md").read_text(encoding="utf-8")


def test_an_unknown_part_is_refused() -> None:
    command = ["benchmarks/gpu.sh", "out", "nonsense"]
    env = os.environ | {"PYTHON": sys.executable}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(
        "benchmarks/gpu.sh: error: no part nonsense; one of: tests, throughput"
    )
