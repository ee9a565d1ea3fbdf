"""Copies of the program, in which Snakemake is measured."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "workflow/scripts"


def project(folder: Path) -> Path:
    """Return a copy of the program without results, as in a fresh clone."""
    made = shutil.ignore_patterns("results", "resources", "logs", "benchmarks", "tests", ".*")
    caches = shutil.ignore_patterns("__pycache__")

    def left_out(where: str, names: list[str]) -> set[str]:
        """Only at the top: the library has a package of the name of a folder."""
        return set(made(where, names)) if Path(where) == ROOT else set(caches(where, names))

    shutil.copytree(ROOT, folder, ignore=left_out)
    return folder


def overlay(path: Path, **values: object) -> Path:
    """Write a configuration to lay over config.yaml."""
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def snakemake(folder: Path, *arguments: str | Path) -> list[str]:
    """Return a command that runs a copy of the program."""
    at = ["--directory", str(folder), "--snakefile", str(folder / "Snakefile")]
    return [sys.executable, "-m", "snakemake", *at, *map(str, arguments)]
