"""The code that decides a result, as hashes that comments, docstrings and formatting leave as they are.

A result is decided by its rule's script and by all modules of the library that the script imports, directly
or not. Two kinds count otherwise. The package `running` surrounds a process and decides no result. The
modules of `TABLES` hold tables of what a configuration chooses by name: of those only the chosen rows count,
each with all that it refers to in its module, so that a row may be added or changed without concerning the
others; what such a module imports of the library counts for all. Standard library only: the Snakefile
imports this.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parents[2]
LIBRARY = "ablation"
SURROUNDING = f"{LIBRARY}/running/"
TABLES = {
    "BACKBONES": f"{LIBRARY}/networks/backbones.py",
    "HEADS": f"{LIBRARY}/networks/heads.py",
    "EDITS": f"{LIBRARY}/networks/edits.py",
    "TRANSFORMS": f"{LIBRARY}/training/transforms.py",
}
# Fields of a syntax tree that say nothing of what the code does.
MEANINGLESS = {"ctx", "kind", "type_comment", "type_ignores"}
# In the working directory.
KEPT = Path(".snakemake/code")
DIGITS = 12


@dataclass(frozen=True)
class Module:
    """What is known of a module: its hash, what of the library it imports, and hashes of its tables' rows.

    `imports` are dotted names, of modules or of what is in them; a row's key is TABLE[name].
    """

    hash: str
    imports: list[str]
    rows: dict[str, str]


def of(script: str, leave_out: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return the path and the hash of each module that decides a script's (or a module's) result.

    Paths begin in the folder of the scripts. Modules in `leave_out` do not count, nor what only they import.
    """
    found: dict[str, str] = {}
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path in found or path in leave_out or path.startswith(SURROUNDING):
            continue
        module = read(SCRIPTS / path)
        found[path] = module.hash
        waiting += [one for name in module.imports if (one := path_of(name))]
    return sorted((path, its) for path, its in found.items() if path not in TABLES.values())


@cache
def of_row(table: str, key: str) -> tuple[str, str]:
    """Return what of a table decides the results that use one of its rows: its name and its hash."""
    path = TABLES[table]
    return f"{path}[{key}]", read(SCRIPTS / path).rows[f"{table}[{key}]"]


@cache
def path_of(name: str) -> str | None:
    """Return the path of the module that a dotted name is or is in; None for a package."""
    while name:
        path = name.replace(".", "/") + ".py"
        if (SCRIPTS / path).exists():
            return path
        if (SCRIPTS / name.replace(".", "/")).is_dir():
            return None
        name = name.rpartition(".")[0]
    return None


@cache
def read(path: Path) -> Module:
    """Return what is known of a module: from Snakemake's folder, if a process before this one found it out.

    Reading all modules anew takes 0.1 s at each start.
    """
    content = path.read_bytes()
    # Also of this very module, which says what is meaningless.
    key = hashlib.sha256(Path(__file__).read_bytes() + content).hexdigest()
    kept = KEPT / key
    with suppress(OSError, ValueError, TypeError):
        return Module(**json.loads(kept.read_text(encoding="utf-8")))
    module = parsed(ast.parse(content))
    # Without such a folder, or in one that cannot be written to, it costs the time again, and no more.
    if KEPT.parent.is_dir():
        with suppress(OSError):
            KEPT.mkdir(exist_ok=True)
            part = KEPT / f".{key}.{os.getpid()}"
            part.write_text(json.dumps(asdict(module)), encoding="utf-8")
            part.replace(kept)
    return module


def parsed(tree: ast.Module) -> Module:
    """Return what is known of a module from its syntax tree."""
    return Module(digest(tree), sorted(set(imports(tree))), rows(tree))


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted name of each thing that a module imports of the library, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.split(".")[0] == LIBRARY)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == LIBRARY:
            yield from (f"{node.module}.{one.name}" for one in node.names)


def rows(tree: ast.Module) -> dict[str, str]:
    """Return a hash for each row of each table, a dictionary of that name, with all that the row refers to.

    What a module does beside defining names, such as an `if`, is of every row.
    """
    defined: dict[str, ast.stmt] = {}
    tables: dict[str, ast.Dict] = {}
    always: list[ast.stmt] = []
    for statement in tree.body:
        names, value = names_of(statement), getattr(statement, "value", None)
        if isinstance(value, ast.Dict) and names and names[0] in TABLES:
            tables[names[0]] = value
        elif names:
            defined |= dict.fromkeys(names, statement)
        elif not is_text(statement):
            always.append(statement)
    found = {}
    for table, value in tables.items():
        for key, row in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                reached: dict[str, ast.stmt] = {}
                waiting: list[ast.AST] = [row, *always]
                while waiting:
                    for name in referred(waiting.pop()) & defined.keys() - reached.keys():
                        reached[name] = defined[name]
                        waiting.append(defined[name])
                hashes = [(name, digest(reached[name])) for name in sorted(reached)]
                found[f"{table}[{key.value}]"] = shortened(
                    repr([digest(row), hashes, [digest(one) for one in always]])
                )
    return found


def names_of(statement: ast.stmt) -> list[str]:
    """Return the names that a statement of a module defines; none of those that do more."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [(one.asname or one.name).split(".")[0] for one in statement.names]
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    if isinstance(statement, (ast.Assign, ast.AnnAssign)) and all(
        isinstance(one, ast.Name) for one in targets
    ):
        return [one.id for one in targets if isinstance(one, ast.Name)]
    return []


def referred(tree: ast.AST) -> set[str]:
    """Return all names in a syntax tree."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def digest(tree: ast.AST) -> str:
    """Return a hash of what code does: of its syntax tree without docstrings and without places."""
    return shortened(repr(meaning(tree)))


def meaning(value: Any) -> Any:
    """Return a syntax tree as tuples and lists. Empty fields are left out, as each Python adds some."""
    if isinstance(value, ast.AST):
        fields = [(name, meaning(field)) for name, field in ast.iter_fields(value) if name not in MEANINGLESS]
        return type(value).__name__, [(name, field) for name, field in fields if field not in (None, [])]
    if isinstance(value, list):
        return [meaning(one) for one in value if not is_text(one)]
    return None if value is None else repr(value)


def is_text(node: Any) -> bool:
    """Tell whether a statement is nothing but a text, as a docstring is."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def shortened(text: str) -> str:
    """Return the first digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
