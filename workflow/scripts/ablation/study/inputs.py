"""The user's own files and folders: whether they are there, and can be inputs of Snakemake and commands."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ablation.photos import tree
from ablation.running.errors import UserError
from ablation.study.wording import shown

# What Snakemake replaces or refuses in the name of an input.
WILDCARD = re.compile(r"\{\s*[.\w]+\s*[,}]")


def exists(path: str, where: str) -> bool:
    """Tell whether a file or folder of the user's exists; raise UserError if it can be none."""
    if tree.UNWRITABLE.search(path) or WILDCARD.search(path):
        raise UserError(
            f"config: {where} is {shown(path)}, no usable path (it has characters that are no text, or "
            "{...}, which Snakemake replaces); rename it"
        )
    try:
        return path != "" and Path(path).expanduser().exists()
    except (OSError, RuntimeError) as error:
        # A name that is too long, a folder that may not be entered, the home of an unknown user.
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"config: {where} is {shown(path)}, no usable path ({reason})") from error


def require_file(path: str, where: str) -> None:
    """Raise UserError unless there is such a file or folder."""
    if not exists(path, where):
        raise UserError(f"config: {where} is {shown(path)}, but there is no such file or folder")


def usable(path: str) -> Path:
    """Return a path of the user's, but not as one that begins with a dash: commands would read an option."""
    found = Path(path).expanduser()
    return Path.cwd() / found if str(found).startswith("-") else found


@cache
def photo_files(folder: Path) -> list[str]:
    """Return the photos and tables under a user's folder, sorted; raises UserError as `tree.look`."""
    found = tree.look(folder)
    return [str(folder / file) for file in sorted((*found.photos, *found.tables))]
