"""The user's own edits, transforms, backbones, heads and figures, in a folder that config.yaml names.

A plugin is a Python file there with a dictionary, or several, called as one of the project's `TABLES`, whose
rows are then the project's and the user's. Files may import each other, as `from .helper import something`.
Standard library only: the Snakefile imports this, and the files of the folder with it.
"""

from __future__ import annotations

import ast
import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from ablation.running.errors import UserError

# Hands the folder on: to all that a study starts, and to scripts that are started by hand. Empty: none.
FOLDER = "ABLATION_PLUGINS"
# What the folder is as a package.
PACKAGE = "ablation_plugins"
TABLES = ("BACKBONES", "HEADS", "EDITS", "TRANSFORMS", "RUN_FIGURES", "STUDY_FIGURES")

Row = TypeVar("Row")


class Table(Mapping[str, Row]):
    """The project's rows of a table, and those of plugins: read when they are first asked for.

    Not when the table's module is imported, which plugins import themselves.
    """

    def __init__(self, name: str, own: dict[str, Row]) -> None:
        self.name, self.own = name, own

    def __getitem__(self, key: str) -> Row:
        return self._rows()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows())

    def __len__(self) -> int:
        return len(self._rows())

    def _rows(self) -> dict[str, Row]:
        """Return all rows; raise UserError for one of a plugin that the project has, or of another kind."""
        if not (files := files_of(self.name)):
            return self.own
        found = dict(self.own)
        kind = type(next(iter(self.own.values())))
        for key, file in files.items():
            row = vars(loaded(file))[self.name][key]
            if key in self.own:
                raise UserError(
                    f"{file}: {self.name} has {key!r}, which is the project's: give it another name"
                )
            if not isinstance(row, kind):
                raise UserError(
                    f"{file}: {self.name}[{key!r}] is of type {type(row).__name__}, not {kind.__name__}"
                )
            found[key] = row
        return found


def use(folder: str | None) -> None:
    """Have this process, and what it starts, read the plugins of a folder; None for none.

    Raises UserError if there is no such folder, or no plugin in it.
    """
    path = Path(folder).expanduser().resolve() if folder else None
    os.environ[FOLDER] = str(path or "")
    if path is None:
        return
    if not path.is_dir():
        raise UserError(f"config: plugins is {folder!r}, which is no folder: name one with Python files")
    files = sorted(path.glob("*.py"))
    for file in files:
        require_beside(file)
    if not any(name in vars(loaded(file)) for file in files for name in TABLES):
        raise UserError(
            f"config: plugins is {folder!r}, where no Python file has one of the tables {', '.join(TABLES)}: "
            'write, say, EDITS = {"name": Edit(...)}'
        )


def require_beside(file: Path) -> None:
    """Raise UserError if a file imports, as from beside it, what is none: nobody would notice its changes."""
    loaded(file)
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.level:
            wanted = [node.module] if node.module else [one.name for one in node.names]
            for name in wanted:
                if node.level > 1 or not file.with_name(f"{name}.py").is_file():
                    raise UserError(
                        f"{file}, line {node.lineno}: {'.' * node.level}{name} is no file beside it: plugins "
                        "import from files of their own folder alone, whose changes are noticed"
                    )


def folder() -> Path | None:
    """Return the folder of the plugins that this process reads."""
    return Path(os.environ[FOLDER]) if os.environ.get(FOLDER) else None


def files_of(table: str) -> dict[str, Path]:
    """Return the names of a table's rows that plugins have, each with its file."""
    place = folder()
    return _files_of(place, table) if place else {}


@cache
def _files_of(place: Path, table: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in sorted(place.glob("*.py")):
        for key in written(file, table):
            if key in found:
                raise UserError(
                    f"{file}: {table} has {key!r}, which {found[key].name} has: give it another name"
                )
            found[key] = file
    return found


def written(file: Path, table: str) -> list[str]:
    """Return the names of a table's rows that a file has.

    Raises UserError for a row that does not stand in the dictionary itself: nobody could tell its code from
    that of others, and with it what is stale when it changes.
    """
    rows = vars(loaded(file)).get(table)
    if rows is None or isinstance(rows, Table):
        return []
    literal = {
        key.value
        for statement in ast.parse(file.read_bytes()).body
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and isinstance(statement.value, ast.Dict)
        for name in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(name, ast.Name) and name.id == table
        for key in statement.value.keys
        if isinstance(key, ast.Constant)
    }
    for key in rows if isinstance(rows, dict) else [table]:
        if key not in literal or not isinstance(rows, dict):
            raise UserError(
                f'{file}: {table} is to be written as {table} = {{"name": ...}}, with each name in it'
            )
        if not (isinstance(key, str) and key.isidentifier()):
            raise UserError(
                f"{file}: {key!r} in {table} is no name of letters, digits and _: give it such a one"
            )
    return list(rows)


@cache
def loaded(file: Path) -> ModuleType:
    """Return the module of a plugin's file; raise UserError, in one line, if it cannot be imported."""
    if PACKAGE not in sys.modules or sys.modules[PACKAGE].__path__ != [str(file.parent)]:
        for name in [name for name in sys.modules if f"{name}.".startswith(f"{PACKAGE}.")]:
            del sys.modules[name]
        package: Any = ModuleType(PACKAGE)
        package.__path__ = [str(file.parent)]
        sys.modules[PACKAGE] = package
    try:
        return importlib.import_module(f"{PACKAGE}.{file.stem}")
    except Exception as error:  # whatever the user's code raises
        lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == str(file)]
        line = error.lineno if isinstance(error, SyntaxError) else (lines or [None])[-1]
        where = f"{file}, line {line}" if line else str(file)
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        hint = ""
        if isinstance(error, ModuleNotFoundError) and file.with_name(f"{error.name}.py").is_file():
            hint = f"; write: from .{error.name} import ..."
        elif isinstance(error, ModuleNotFoundError) and error.name in ("torch", "torchvision", "matplotlib"):
            hint = "; import it inside the functions that use it, which Snakemake's own process does not call"
        raise UserError(f"{where}: {type(error).__name__}: {reason}{hint}") from error
