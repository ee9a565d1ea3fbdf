"""The commands of the benchmarks as the documents have them, run word for word in a copy of the project.

`prepare` alone says what `.venv`, `.venv-benchmark` and `.venv-gpu` stand for there: the Python that runs the
tests, the one that has the peers, and the one that has what a machine with a GPU has.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from project import Project

from places import DOCUMENTS, ROOT

# make's own, a script, or any with a file of the benchmarks among its words.
_COMMAND = re.compile(r"make (benchmark|rehearse)\b.*|benchmarks/\S+\.sh\b.*|\S+ (.* )?benchmarks/\S.*")
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_ROW = re.compile(r" +\d+\.\d\d \S+ +\(\d+\.\d\d to \d+\.\d\d\)")


def commands(text: str) -> list[str]:
    """Return a document's commands of the benchmarks: lines of shell, and what a sentence has as code."""
    lines = [line.split(" #")[0] for block in _BLOCK.findall(text) for line in block.splitlines()]
    found = [" ".join(one.split()) for one in lines + _SPAN.findall(_BLOCK.sub("", text))]
    return [one for one in found if _COMMAND.fullmatch(one)]


DOCUMENTED = list(
    dict.fromkeys(one for path in DOCUMENTS for one in commands(path.read_text(encoding="utf-8")))
)
# tests/slurm/test_arrays.py runs these, test_gpu_script.py the next, test_benchmarks.py all others.
ON_SLURM = [command for command in DOCUMENTED if "benchmarks/arrays.py" in command]
ON_GPU = [command for command in DOCUMENTED if "benchmarks/gpu.sh" in command or "make rehearse" in command]


# Threads that wait would take the cores from other tests, and from the processes that these start.
QUIET = {"OMP_WAIT_POLICY": "passive"}


def peers() -> Path | None:
    """Return the Python that has the peers, if `make` has made it."""
    environment = ROOT / ".venv-benchmark"
    return environment / "bin/python" if (environment / "done").exists() else None


def gpu_python() -> Path | None:
    """Return the Python that has what a machine with a GPU has, if `make` has made it."""
    environment = ROOT / ".venv-gpu"
    return environment / "bin/python" if (environment / "done").exists() else None


def prepare(project: Project) -> None:
    """Put into a copy of the project what its commands name."""
    programs = {
        ".venv/bin/python": sys.executable,
        ".venv/bin/snakemake": f"{sys.executable} -m snakemake",
        ".venv-benchmark/bin/python": f"{peers() or sys.executable}",
        ".venv-gpu/bin/python": f"{gpu_python() or sys.executable}",
    }
    for name, program in programs.items():
        path = project.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\nexec {program} "$@"\n', encoding="utf-8")
        path.chmod(0o755)
    # What make would have to make first, in the order of its rules.
    for name in (".venv/python.done", ".venv/run.done", ".venv-benchmark/done", ".venv-gpu/done"):
        (project.folder / name).touch()


def run(project: Project, command: str, **variables: str) -> str:
    """Run a command in its smallest form, as in the project's environment; return what it prints."""
    path = os.pathsep.join([str(project.folder / ".venv/bin"), os.environ["PATH"]])
    done = subprocess.run(
        command,
        shell=True,
        cwd=project.folder,
        env=os.environ | {"PATH": path, "BENCHMARK_SIZES": "smallest"} | QUIET | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def rows(output: str) -> dict[str, int]:
    """Count the rows of each workload in a printed table."""
    found: dict[str, int] = {}
    for line in output.splitlines():
        if heading := re.fullmatch(r"(\w+):", line):
            found[heading[1]] = 0
        elif _ROW.search(line):
            found[list(found)[-1]] += 1
    return found
