"""The user's own files and folders: whether they are there, and can be inputs of Snakemake and commands."""

from __future__ import annotations

import glob
import os
import re
from functools import cache
from pathlib import Path

from ablation.photos import tree
from ablation.photos.wording import printable
from ablation.running.errors import UserError
from ablation.study.wording import shown

# What Snakemake replaces or refuses in the name of an input.
REPLACED = re.compile(r"\{\s*[.\w]+\s*[,}]|<[a-z][a-z0-9_]*>")


# Hands the folder of the command on: from the profile, which is read there, to the Snakefile.
COMMAND = "ABLATION_COMMAND_FOLDER"
# Where a relative path of a configuration may lie: see `look_in`.
_FOLDERS: list[Path] = []


def look_in(*folders: str | Path) -> None:
    """Say where relative paths may lie: in the folder of the command, the working folder, the project's.

    They are one folder unless Snakemake was started with `--directory`, or with `-s` from elsewhere.
    """
    _FOLDERS[:] = dict.fromkeys(Path(os.path.realpath(folder)) for folder in folders)


def _absolute(path: str) -> bool:
    """Tell whether a path begins at the root or at a home; Path's own refuses that of an unknown user."""
    return os.path.isabs(os.path.expanduser(path))  # noqa: PTH111, PTH117


def missing(path: str) -> str:
    """Say of a path that there is no such file, and of a relative one where it was looked for."""
    if _absolute(path):
        return "but there is no such file or folder"
    folders = " or ".join(printable(str(folder)) for folder in _FOLDERS or [Path.cwd()])
    return f"but there is no such file or folder in {folders}, from where relative paths are taken"


def settled(path: str, where: str) -> str:
    """Return a path as it is found from the working folder, though it be relative to another of `look_in`.

    {backbone} in it stands for any name. One that is nowhere stays as it is. Raises UserError if there are
    several such files.
    """
    if tree.UNWRITABLE.search(path) or not path or _absolute(path):
        return path
    pattern = glob.escape(path).replace("{backbone}", "*")
    found: dict[str, Path] = {}
    for folder in _FOLDERS:
        whole = Path(folder, path)
        if glob.glob(pattern, root_dir=folder):  # noqa: PTH207 (Path's takes no ..)
            found.setdefault(os.path.realpath(whole), whole)
    if len(found) > 1:
        places = " and ".join(printable(str(one)) for one in found.values())
        raise UserError(f"config: {where} is {shown(path)}, which may be {places}: write the whole path")
    if not found or glob.glob(pattern):  # noqa: PTH207
        return path
    return os.path.relpath(next(iter(found.values())), os.path.realpath(Path.cwd()))


def exists(path: str, where: str) -> bool:
    """Tell whether a file or folder of the user's exists; raise UserError if it can be none."""
    if tree.UNWRITABLE.search(path):
        raise UserError(
            f"config: {where} is {shown(path)}, no usable path (some characters are no text); rename it"
        )
    try:
        return path != "" and Path(path).expanduser().exists()
    except (OSError, RuntimeError) as error:
        # A name that is too long, a folder that may not be entered, the home of an unknown user.
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"config: {where} is {shown(path)}, no usable path ({reason})") from error


def require(path: str, where: str) -> None:
    """Raise UserError unless there is such a file or folder, and it can be read."""
    if not exists(path, where):
        raise UserError(f"config: {where} is {shown(path)}, {missing(path)}")
    if not os.access(Path(path).expanduser(), os.R_OK):
        raise UserError(f"config: {where} is {shown(path)}, which cannot be read: mend its permissions")


def require_input(path: str, where: str) -> None:
    """Raise UserError unless there is such a file, of a name that an input of Snakemake may have."""
    if REPLACED.search(path):
        raise UserError(
            f"config: {where} is {shown(path)}, with {{...}} or <...> in its name, which Snakemake replaces; "
            "rename it"
        )
    require(path, where)


def require_project(folder: str, *, submits: bool) -> None:
    """Raise UserError if Snakemake cannot work in the project's own folder: it replaces {...} in its path.

    `submits` tells whether jobs go to a cluster, by commands that are read by two shells.
    """
    why = ""
    if "{" in folder or "}" in folder:
        why = "Snakemake replaces what stands in braces"
    elif submits and set(folder) & set("\"'$`\\!\n"):
        why = "commands for a cluster cannot have its quotes, $, !, \\ or line breaks in them"
    if why:
        raise UserError(f"the project lies in {printable(folder)}, and {why}: rename that folder")


def usable(path: str) -> Path:
    """Return a path of the user's, but not as one that begins with a dash: commands would read an option."""
    found = Path(path).expanduser()
    return Path.cwd() / found if str(found).startswith("-") else found


@cache
def look(folder: Path) -> tree.Tree:
    """Return what lies in a user's folder, looked at once a process; raises UserError as `tree.look`."""
    return tree.look(folder)
