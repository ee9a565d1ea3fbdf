"""Which archive or folder of the user's a data set's results were made from.

A data set that is given by its path is named after it, and two archives can have one name: the results
of the first must not be overwritten by those of the second.
"""

from __future__ import annotations

from pathlib import Path

from ablation.running.errors import UserError
from ablation.running.files import write_text

FILE = "origin.txt"


def record(folder: Path, path: Path) -> None:
    """Write down in a data set's folder that its photos come from `path`."""
    write_text(folder / FILE, f"{path}\n")


def check(name: str, path: Path, folder: Path) -> None:
    """Raise UserError if the data set was made from another archive or folder that still exists."""
    try:
        recorded = Path((folder / FILE).read_text(encoding="utf-8").rstrip("\n"))
    except FileNotFoundError:
        return
    if recorded.exists() and not recorded.samefile(path):
        raise UserError(
            f"config: data set {name!r} is {path}, but its results were made from {recorded}: "
            "give the new one a name of its own under datasets"
        )
