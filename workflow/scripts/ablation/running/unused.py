"""Runs that no study has any longer: of experiments that were given other values, or taken out."""

from __future__ import annotations

from pathlib import Path


def runs(results: Path) -> list[Path]:
    """Return the folders runs/<data set>/<folder> under `results` to which no study has a link.

    Those links are comparison/<data set>/<study>/runs/<experiment>.
    """
    used = {link.resolve() for link in results.glob("comparison/*/*/runs/*")}
    return [folder for folder in sorted(results.glob("runs/*/*")) if folder.resolve() not in used]


def size(folder: Path) -> int:
    """Return the bytes of all files under a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
