"""A copy of the project in which the tests run Snakemake, edit files and read plans."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import planner
import yaml

from places import ROOT, SCHEMA

TINY = "tests/workflow/tiny.yaml"
SINGLE = "tests/workflow/single.yaml"
# What the run of the tiny study said, in its folder.
SAID = ".snakemake/said.txt"
# Where the project may write. Python's own cache of compiled modules lies beside them.
WRITTEN = (".snakemake", "logs", "resources", "results")

_RULE = re.compile(r"(?:local)?(?:rule|checkpoint) (\w+):")
_WILDCARDS = re.compile(r"    wildcards: (.+)")
_TOTAL = re.compile(r"total\s+(\d+)")
# What tells starting weights of one name apart.
_VALUES = re.compile(r"-[0-9a-f]{12}")
_NOTHING = "Nothing to be done"
# A test may have edited the project's code, so that code says it and not this one.
EXPERIMENTS = """
import json, sys
from pathlib import Path
from ablation.study.study import load
found = load(json.load(sys.stdin), Path(sys.argv[1])).experiments
print(json.dumps([[one.folder, one.name] for one in reversed(found.values())]))
"""


def project_files() -> list[str]:
    """The project's files, tracked or not yet, that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file())


@dataclass(frozen=True)
class Project:
    """A copy of the project; `configs` are laid over its config.yaml."""

    folder: Path
    configs: tuple[str, ...] = (TINY,)

    @classmethod
    def fresh(cls, folder: Path) -> Project:
        """Copy the project's files and nothing that it made."""
        for name in project_files():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
        return cls(folder)

    @property
    def study_folder(self) -> Path:
        """The folder of the demo's tables."""
        name = "-".join(Path(config).stem for config in self.configs) or "default"
        return self.folder / "results/comparison/demo" / name

    def pretend_environment(self) -> None:
        """Let make and the README's commands find this Python's Snakemake in .venv, as if made by them."""
        snakemake = self.folder / ".venv/bin/snakemake"
        snakemake.parent.mkdir(parents=True)
        script = f"#!{sys.executable}\nimport sys\nfrom snakemake.cli import main\nsys.exit(main())\n"
        snakemake.write_text(script, encoding="utf-8")
        python = self.folder / ".venv/bin/python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
        for program in (snakemake, python):
            program.chmod(0o755)
        # Newer than the requirements that they stand for.
        for name in ("python.done", "run.done"):
            (self.folder / ".venv" / name).touch()

    def copy(self, folder: Path) -> Project:
        """Copy everything, times and Snakemake's records included.

        Weight files become hard links: they are large, and are replaced but never written into.
        """

        def copy_file(source: str, target: str) -> None:
            link = source.endswith(".safetensors")
            os.link(source, target) if link else shutil.copy2(source, target)

        shutil.copytree(self.folder, folder, symlinks=True, copy_function=copy_file)
        return Project(folder, self.configs)

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake as a user would, to whatever end it comes."""
        overlays = ["--configfile", *self.configs] if self.configs else []
        return subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments, *overlays],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *arguments: str) -> str:
        """Run Snakemake to its end; return what it printed."""
        done = self.snakemake(*arguments)
        output = done.stdout + done.stderr
        assert done.returncode == 0, f"snakemake {arguments} ended with {done.returncode}:\n{output}"
        return output

    def shell(self, command: str, status: int = 0) -> str:
        """Run a document's command in the project's environment, its parent the home; return its words.

        It ends with this status, and is asked nothing.
        """
        path = os.pathsep.join([str(self.folder / ".venv/bin"), os.environ["PATH"]])
        env = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=env | {"PATH": path, "HOME": str(self.folder.parent)},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        output = done.stdout + done.stderr
        assert done.returncode == status, f"{command} ended with {done.returncode}:\n{output}"
        return output

    def plan(self, *arguments: str) -> set[str]:
        """Return the jobs that Snakemake would run, each its rule and its wildcards' values.

        They are read from Snakemake's own words for the dry run and checked against the total of its table.
        """
        overlays = ["--configfile", *self.configs] if self.configs else []
        status, output = planner.run(self.folder, ["-n", *arguments, "--verbose", *overlays])
        assert status == 0, f"snakemake -n {arguments} ended with {status}:\n{output}"
        jobs: list[list[str]] = []
        for line in output.splitlines():
            if rule := _RULE.fullmatch(line):
                jobs.append([rule[1]])
            elif wildcards := _WILDCARDS.fullmatch(line):
                values = (pair.partition("=")[2] for pair in wildcards[1].split(", "))
                jobs[-1] += filter(None, values)
        total = _TOTAL.search(output)
        assert (_NOTHING in output) == (not jobs), output
        assert len(jobs) == (int(total[1]) if total else 0), output
        runs = self.experiments(*arguments)
        return {" ".join(runs.get(word, word) for word in job if not _VALUES.fullmatch(word)) for job in jobs}

    def run_of(self, experiment: str, dataset: str = "demo") -> str:
        """Return the folder of an experiment's first run, relative to the project's."""
        folders = {name: folder for folder, name in self.experiments().items()}
        return f"results/runs/{dataset}/{folders[experiment]}/seed0"

    def experiments(self, *arguments: str) -> dict[str, str]:
        """Return the experiments of the study by the folders of their runs, of several the first."""
        config: dict[str, Any] = {}
        # Not above: a machine with a GPU, whose tests come by here too, has no jsonschema.
        from ablation.study import typed

        for name in ("config.yaml", *self.configs):
            typed.merge(config, yaml.safe_load((self.folder / name).read_text(encoding="utf-8")))
        words = arguments[arguments.index("--config") + 1 :] if "--config" in arguments else ()
        for word in itertools.takewhile(lambda word: "=" in word, words):
            key, _, value = word.partition("=")
            typed.merge(config, typed.read(word, config) or {key: yaml.safe_load(value)})
        config.setdefault("study", "default")
        command = [sys.executable, "-c", EXPERIMENTS, str(SCHEMA)]
        env = os.environ | {"PYTHONPATH": str(self.folder / "workflow/scripts")}
        told = subprocess.run(
            command,
            input=json.dumps(config),
            cwd=self.folder,
            env=env,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return dict(json.loads(told))

    def edit(self, change: Callable[[dict[str, Any]], object], overlay: str = TINY) -> None:
        """Change the configuration."""
        path = self.folder / overlay
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(config)
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    def append(self, name: str, text: str) -> None:
        """Write behind the end of a file."""
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def source_files(self) -> list[Path]:
        """The files that are the project's own, not what it made."""
        return [
            path
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
            and path.relative_to(self.folder).parts[0] not in WRITTEN
            and "__pycache__" not in path.parts
        ]


def contents(folder: Path) -> dict[str, str]:
    """Every file under a folder with the hash of its content; of the large weights, size and time."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".safetensors":
            status = path.stat()
            found[str(path.relative_to(folder))] = f"{status.st_size} {status.st_mtime_ns}"
        elif path.is_file():
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
