"""The code that decides a result, as hashes that comments, docstrings and formatting leave as they are.

A result is decided by its rule's script and by all modules that the script imports of the library, directly
or not. Two kinds count otherwise. The package `running` surrounds a process and decides no result. The
modules of `TABLES` hold tables of what a configuration chooses by name: of those only the chosen rows count,
and what else is imported of them by name, each with all that it refers to in its module. So a row may be
added or changed without concerning the others. A package there counts as one module, as if its modules stood
in one file. Of the user's plugins (running/plugins.py) a row counts where it is used, with all that it refers
to and what that imports. Standard library only: the Snakefile imports this.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ablation.running import plugins

SCRIPTS = Path(__file__).parents[2]
LIBRARY = "ablation"
SURROUNDING = f"{LIBRARY}/running/"
TABLES = {
    "BACKBONES": f"{LIBRARY}/networks/backbones.py",
    "HEADS": f"{LIBRARY}/networks/heads.py",
    "EDITS": f"{LIBRARY}/networks/edits.py",
    "TRANSFORMS": f"{LIBRARY}/training/transforms",
    "STUDY_FIGURES": f"{LIBRARY}/results/figures/study.py",
}
# Fields of a syntax tree that say nothing of what the code does.
MEANINGLESS = {"ctx", "kind", "type_comment", "type_ignores"}
# In the working directory.
KEPT = Path(".snakemake/code")
# What was found out depends on this very module and on Python, whose syntax trees differ.
WAY = repr(sys.version_info[:2]).encode() + Path(__file__).read_bytes()
DIGITS = 12


@dataclass(frozen=True)
class Module:
    """What is known of a module: its hash, what it imports, and of one with a table hashes of its parts.

    `imports` are dotted names, of modules or of what is in them. A part is a row, TABLE[name], or anything
    that the module defines, each with all that it refers to; `reached` has what each row imports in this way.
    """

    hash: str
    imports: list[str]
    parts: dict[str, str]
    reached: dict[str, list[str]]

    def __post_init__(self) -> None:
        kinds = (type(self.hash), type(self.imports), type(self.parts), type(self.reached))
        if kinds != (str, list, dict, dict):
            raise TypeError("not what was kept")


def of(script: str, leave_out: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return the path and the hash of each module that decides a script's (or a module's) result.

    Paths begin in the folder of the scripts; what is imported of a table's module by name stands in brackets.
    Modules in `leave_out` do not count, nor what only they import.
    """
    found: dict[str, str] = {}
    follow([script], found, leave_out)
    return sorted(found.items())


def follow(paths: Sequence[str], found: dict[str, str], leave_out: Sequence[str] = ()) -> None:
    """Put the hashes of these modules, and of all that they import, to those that were found before."""
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        if path in found or path in leave_out or path.startswith(SURROUNDING):
            continue
        module = read(SCRIPTS / path)
        found[path] = module.hash
        for name in module.imports:
            waiting += imported(name, found)


def imported(name: str, found: dict[str, str]) -> list[str]:
    """Return the modules that count because a name is imported; what counts by name goes to `found`."""
    other = path_of(name)
    if other is None:
        return []
    other = next((its for its in TABLES.values() if other.startswith(f"{its}/")), other)
    part, parts = name.rpartition(".")[2], read(SCRIPTS / other).parts
    if part in TABLES and other == TABLES[part]:
        # Of the table itself nothing; what its module imports counts for all rows.
        return list(filter(None, map(path_of, read(SCRIPTS / other).imports)))
    if part in parts:
        found[f"{other}[{part}]"] = parts[part]
        return []
    return [other]


def texts(folder: str) -> list[tuple[str, str]]:
    """Return the path and the hash of each file beside a folder's modules, as a page's text and style."""
    files = (path for path in (SCRIPTS / folder).iterdir() if path.is_file() and path.suffix != ".py")
    return [
        (f"{folder}/{path.name}", hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS])
        for path in sorted(files)
    ]


def of_row(table: str, key: str) -> tuple[str, str]:
    """Return what of a table decides the results that use one of its rows: its name and its hash."""
    file = plugins.files_of(table).get(key)
    return of_plugin(file, table, key) if file else of_own_row(table, key)


def of_plugins(table: str) -> list[tuple[str, str]]:
    """Return that of each row of a table that a plugin has."""
    return [of_plugin(file, table, key) for key, file in plugins.files_of(table).items()]


@cache
def of_plugin(file: Path, table: str, key: str) -> tuple[str, str]:
    """Return that of a plugin's row. Where it lies says nothing: a folder may be moved."""
    row, module = f"{table}[{key}]", read(file, plugin=True)
    found: dict[str, str] = {}
    waiting = list(module.reached[row])
    while waiting:
        name = waiting.pop()
        beside = name.removeprefix(plugins.PACKAGE).lstrip(".").split(".")[0]
        helper = file.with_name(f"{beside}.py")
        if not name.startswith((".", f"{plugins.PACKAGE}.")):
            follow(imported(name, found), found)
        elif helper.exists() and helper.name not in found:
            its = read(helper, plugin=True)
            found[helper.name] = its.hash
            waiting += its.imports
    return f"plugins[{row}]", shortened(repr([module.parts[row], sorted(found.items())]))


@cache
def of_own_row(table: str, key: str) -> tuple[str, str]:
    """Return that of a row of the project's."""
    path, row = TABLES[table], f"{table}[{key}]"
    found = read(SCRIPTS / path).parts
    if row not in found:
        raise KeyError(f"{row} is no row of the dictionary in {path}: write it there, and not as a statement")
    return f"{path}[{key}]", found[row]


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
def read(path: Path, *, plugin: bool = False) -> Module:
    """Return what is known of a module: from Snakemake's folder, if a process before this one found it out.

    Reading all modules anew takes 0.1 s at each start. Of a folder the modules are read as one. A `plugin`
    may have any table, and import what lies beside it.
    """
    files = sorted(path.glob("*.py")) if path.is_dir() else [path]
    content = b"\n".join(file.read_bytes() for file in files)
    kept = KEPT / hashlib.sha256(WAY + path.name.encode() + bytes([plugin]) + content).hexdigest()
    with suppress(OSError, ValueError, TypeError):
        return Module(**json.loads(kept.read_text(encoding="utf-8")))
    tables = [name for name, its in TABLES.items() if path.as_posix().endswith(its)]
    tree = ast.parse(content)
    if path.is_dir():
        tree = joined(tree, ".".join(path.relative_to(SCRIPTS).parts))
    module = parsed(tree, plugins.TABLES if plugin else tables, plugin=plugin)
    # Without such a folder, or in one that cannot be written to, it costs the time again, and no more.
    if KEPT.parent.is_dir():
        with suppress(OSError):
            KEPT.mkdir(exist_ok=True)
            part = KEPT / f".{kept.name}.{os.getpid()}"
            part.write_text(json.dumps(asdict(module)), encoding="utf-8")
            part.replace(kept)
    return module


def joined(tree: ast.Module, package: str) -> ast.Module:
    """Return the modules of a package, which stand in one tree, without what they import of each other.

    Raises ValueError where that is imported so that its name would not be found in the tree.
    """
    own = [
        one
        for one in tree.body
        if isinstance(one, ast.ImportFrom) and f"{one.module}.".startswith(f"{package}.")
    ]
    rest = ast.Module([one for one in tree.body if one not in own], tree.type_ignores)
    defined = {name for one in rest.body for name, _ in definitions(one)}
    lost = [one.name for each in own for one in each.names if one.asname or one.name not in defined]
    lost += [name for name in imports(rest) if f"{name}.".startswith(f"{package}.")]
    if lost:
        raise ValueError(f"{lost[0]} is not followed within {package}: import by name, atop a module")
    return rest


def parsed(tree: ast.Module, tables: Sequence[str] = (), *, plugin: bool = False) -> Module:
    """Return what is known of a module from its syntax tree; `tables` are the names of those in it."""
    names = sorted(set(imports(tree)))
    if not plugin and any(name.startswith(".") for name in names):
        raise ValueError("a relative import, which is not followed: write it from `ablation` on")
    found, reached = parts(tree, tables) if tables else ({}, {})
    return Module(digest(tree), names, found, reached)


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted name of each thing that a module imports, wherever in it; from a dot on: beside it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            of = "." * node.level + (f"{node.module}." if node.module else "")
            yield from (f"{of}{one.name}" for one in node.names)


def parts(tree: ast.Module, tables: Sequence[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return a hash of each row of a module's tables and of all that it defines, with what each refers to.

    And what each row imports with that. A table is a dictionary of that name, or a `Table` of one. What a
    module does besides defining names is of every part: an `if`, a call, an assignment to what is in
    something. But for what it imports for the type checker alone.
    """
    defined: dict[str, list[ast.AST]] = defaultdict(list)
    rows: dict[str, ast.AST] = {}
    always: list[ast.AST] = []
    for statement in tree.body:
        found = definitions(statement)
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "Table":
            value = value.args[-1]
        if len(found) == 1 and found[0][0] in tables:
            table = found[0][0]
            if isinstance(value, ast.Dict) and not any(row.startswith(f"{table}[") for row in rows):
                rows |= {
                    f"{table}[{key.value}]": row
                    for key, row in zip(value.keys, value.values, strict=True)
                    if isinstance(key, ast.Constant) and isinstance(key.value, str)
                }
            else:  # made or changed in another way
                always.append(statement)
        elif found:
            for name, node in found:
                defined[name].append(node)
        elif not is_text(statement) and not is_for_types(statement):
            always.append(statement)

    def referred_to(part: ast.AST) -> dict[str, list[ast.AST]]:
        reached: dict[str, list[ast.AST]] = {}
        waiting = [part, *always]
        while waiting:
            for name in referred(waiting.pop()) & defined.keys() - reached.keys():
                reached[name] = defined[name]
                waiting += defined[name]
        return reached

    def whole(part: ast.AST) -> str:
        reached = referred_to(part)
        # Once what several modules of a package import each for itself.
        hashes = [(name, *dict.fromkeys(map(digest, reached[name]))) for name in sorted(reached)]
        return shortened(repr([digest(part), hashes, *map(digest, always)]))

    names = {name: ast.Name(name, ast.Load()) for name in defined}
    reached = {
        row: [node, *always, *(one for nodes in referred_to(node).values() for one in nodes)]
        for row, node in rows.items()
    }
    return (
        {part: whole(node) for part, node in (rows | names).items()},
        {row: sorted({name for one in nodes for name in imports(one)}) for row, nodes in reached.items()},
    )


def definitions(statement: ast.stmt) -> list[tuple[str, ast.AST]]:
    """Return the names that a statement of a module defines, and what by; none of those that do more."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [(statement.name, statement)]
    if isinstance(statement, ast.Import):
        # Each by itself: another name on the same line is another matter.
        return [((one.asname or one.name).split(".")[0], one) for one in statement.names]
    if isinstance(statement, ast.ImportFrom):
        return [
            (one.asname or one.name, ast.ImportFrom(statement.module, [one], statement.level))
            for one in statement.names
        ]
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = [one.id for one in targets if isinstance(one, ast.Name)]
        return [(name, statement) for name in names] if len(names) == len(targets) else []
    return []


def is_for_types(statement: ast.stmt) -> bool:
    """Tell whether a statement is `if TYPE_CHECKING:` with imports alone, which never run."""
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Name)
        and statement.test.id == "TYPE_CHECKING"
        and all(isinstance(one, (ast.Import, ast.ImportFrom)) for one in statement.body)
        and not statement.orelse
    )


def referred(tree: ast.AST) -> set[str]:
    """Return all names in a syntax tree."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def digest(tree: ast.AST) -> str:
    """Return a hash of what code does: of its syntax tree without docstrings and without places."""
    return shortened(repr(meaning(tree)))


def meaning(value: Any) -> Any:
    """Return a syntax tree as tuples and lists. Empty fields are left out, as each Python adds some."""
    if isinstance(value, ast.JoinedStr):
        # Python 3.12 leaves empty texts in them.
        value = ast.JoinedStr([one for one in value.values if not is_empty(one)])
    if isinstance(value, ast.AST):
        fields = [(name, meaning(field)) for name, field in ast.iter_fields(value) if name not in MEANINGLESS]
        return type(value).__name__, [(name, field) for name, field in fields if field not in (None, [])]
    if isinstance(value, list):
        return [meaning(one) for one in value if not is_text(one)]
    return None if value is None else repr(value)


def is_empty(node: ast.expr) -> bool:
    """Tell whether an expression is an empty text."""
    return isinstance(node, ast.Constant) and node.value == ""


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
