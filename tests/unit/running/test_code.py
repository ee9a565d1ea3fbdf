"""Hashes of the code that decides a result: what they follow, and what leaves them as they are."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.running import code
from places import SCRIPTS

# What a person watches decides no result.
STAGES = sorted(path.name for path in SCRIPTS.glob("*.py") if path.name != "watch.py")


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the scripts that may be edited, in a project of its own."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "SCRIPTS", folder)
    forget()
    yield folder
    forget()


def forget() -> None:
    code.read.cache_clear()
    code.path_of.cache_clear()
    code.of_own_row.cache_clear()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    forget()


# --- which modules -----------------------------------------------------------------------------------

LOADED = """
import json, runpy, sys
sys.argv = [sys.argv[1], "--help"]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit:
    pass
modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "ablation"]
sys.stderr.write(json.dumps([module.__file__ for module in modules if module.__file__]))
"""


@pytest.mark.parametrize("stage", STAGES)
def test_all_that_python_loads_for_a_script_decides_its_result(stage: str) -> None:
    """But for what surrounds a process, and for tables."""
    command = [sys.executable, "-c", LOADED, SCRIPTS / stage]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {str(Path(path).relative_to(SCRIPTS)) for path in json.loads(done.stderr)}
    expected = {
        path
        for path in loaded
        if not path.startswith("ablation/running/")
        and not path.endswith("/__init__.py")
        and not path.startswith(tuple(code.TABLES.values()))
    }
    # Of a module with a table, what else is imported of it stands in brackets.
    found = {path for path, _ in code.of(stage) if "[" not in path}
    assert expected | {stage} <= found
    # What is imported inside functions is found as well.
    inside = {f"ablation/photos/{name}.py" for name in ("pack", "photo", "colour", "tiff", "resizing")}
    # And what the type checker alone imports.
    assert found - expected - {stage} <= inside | {"ablation/results/figures/given.py"}


@pytest.mark.parametrize("path", sorted(SCRIPTS.rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_a_package_says_what_it_is_for_and_nothing_else(path: Path) -> None:
    """So nothing is lost where only modules are looked at."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert len(tree.body) == 1
    assert ast.get_docstring(tree)


def test_a_relative_import_is_refused() -> None:
    with pytest.raises(ValueError, match="relative import"):
        code.parsed(ast.parse("def main():\n    from . import spec"))


def test_a_module_beside_the_scripts_counts(scripts: Path) -> None:
    (scripts / "helper.py").write_text("X = 1\n", encoding="utf-8")
    edit(scripts / "draw.py", "import argparse", "import argparse\nimport helper")
    assert "helper.py" in dict(code.of("draw.py"))


def test_what_else_is_imported_of_a_tables_module_counts_by_name(scripts: Path) -> None:
    before = dict(code.of("train.py"))
    edit(
        scripts / code.TABLES["TRANSFORMS"] / "base.py",
        "random: ClassVar[bool] = True",
        "random: ClassVar[bool] = False",
    )
    after = dict(code.of("train.py"))
    assert [path for path in before if before[path] != after[path]] == [
        f"{code.TABLES['TRANSFORMS']}[Transform]"
    ]


def test_a_row_that_is_none_is_named() -> None:
    with pytest.raises(KeyError, match="no row of the dictionary"):
        code.of_row("EDITS", "nothing")


def test_what_is_left_out_is_not_looked_at() -> None:
    archive = "ablation/photos/archive.py"
    whole, rest = dict(code.of("download.py")), dict(code.of("download.py", [archive]))
    # Nor is what it alone imports.
    there = dict(code.of(archive))
    assert rest == {path: its for path, its in whole.items() if path not in there}
    assert archive in whole
    assert "ablation/photos/drive.py" in rest


# --- what counts -------------------------------------------------------------------------------------

MODULE = '''"""What it is for."""

from __future__ import annotations

import math  # of the standard library


class Circle:
    """A circle."""

    def area(self, radius: float, scale: float = 1.0) -> float:
        """Return its area."""
        # As Archimedes found.
        return scale * math.pi * radius**2
'''
SAME = {
    "a comment added": MODULE.replace("import math", "# More.\nimport math"),
    "a comment removed": MODULE.replace("        # As Archimedes found.\n", ""),
    "a docstring edited": MODULE.replace("A circle.", "A round thing."),
    "a docstring removed": MODULE.replace('        """Return its area."""\n', ""),
    "a line broken": MODULE.replace(
        "self, radius: float, scale", "\n        self,\n        radius: float,\n scale"
    ),
    "brackets": MODULE.replace("scale * math.pi * radius**2", "(scale * math.pi) * (radius**2)"),
    "spaces": MODULE.replace("radius**2", "radius ** 2").replace("    ", "  "),
    "numbers": MODULE.replace("1.0", "1.00"),
    "Python's own formatter": ast.unparse(ast.parse(MODULE)),
}
OTHER = {
    "a number": MODULE.replace("radius**2", "radius**3"),
    "a kind of number": MODULE.replace("1.0", "1"),
    "an operator": MODULE.replace("scale * ", "scale + "),
    "a default": MODULE.replace(" = 1.0", ""),
    "a name": MODULE.replace("area", "surface"),
    "the order": MODULE.replace(
        "self, radius: float, scale: float = 1.0", "self, scale: float, radius: float = 1.0"
    ),
    "a statement": MODULE + "\nCircle()\n",
    "an import": MODULE.replace("import math", "import cmath as math"),
}


def hash_of(text: str) -> str:
    return code.parsed(ast.parse(text)).hash


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_what_changes_nothing(text: str) -> None:
    assert text != MODULE
    assert hash_of(text) == hash_of(MODULE)


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_what_changes_the_code(text: str) -> None:
    assert text != MODULE
    assert hash_of(text) != hash_of(MODULE)


def test_pythons_agree_about_formats() -> None:
    """Python 3.12 leaves an empty text in the format of `f"{x:<{width}}"`."""
    trees = [ast.parse('f"{x:<{width}}"', mode="eval") for _ in range(2)]
    (field,) = trees[1].body.values  # type: ignore[attr-defined]
    field.format_spec.values.append(ast.Constant(""))
    assert code.digest(trees[0]) == code.digest(trees[1])
    field.format_spec.values.append(ast.Constant("x"))
    assert code.digest(trees[0]) != code.digest(trees[1])


def test_all_modules_differ_and_none_by_its_formatting() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for path in sorted(SCRIPTS.rglob("*.py"))
        if path.name != "__init__.py"
    ]
    hashes = [hash_of(text) for text in texts]
    assert len(set(hashes)) == len(hashes)
    assert [hash_of(ast.unparse(ast.parse(text))) for text in texts] == hashes


@settings(deadline=None, max_examples=200)
@given(
    st.integers(0, 10**6),
    st.sampled_from([("1", "2"), ("+", "-"), (" not ", " "), ("<", ">"), ("True", "False")]),
)
def test_any_edit_of_any_module_is_noticed(position: int, change: tuple[str, str]) -> None:
    """Unless what it edits is a comment or a text that documents: Python's own syntax tree tells."""
    paths = sorted(SCRIPTS.rglob("*.py"))
    text = paths[position % len(paths)].read_text(encoding="utf-8")
    start = text.find(change[0], position % max(len(text), 1))
    if start < 0:
        return
    edited = text[:start] + change[1] + text[start + len(change[0]) :]
    try:
        tree = ast.parse(edited)
    except SyntaxError:
        return
    one, other = (ast.dump(WithoutTexts().visit(each)) for each in (tree, ast.parse(text)))
    same = one == other
    assert (hash_of(edited) == hash_of(text)) == same


class WithoutTexts(ast.NodeTransformer):
    """Leaves out statements that are nothing but a text."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return ast.Pass() if text else node


# --- tables ------------------------------------------------------------------------------------------


def rows(scripts: Path, table: str) -> dict[str, str]:
    forget()
    return code.read(scripts / code.TABLES[table]).parts


def test_every_row_of_every_table_has_a_hash_of_its_own() -> None:
    from ablation.networks.backbones import BACKBONES
    from ablation.networks.edits import EDITS
    from ablation.networks.heads import HEADS
    from ablation.results.figures.study import STUDY_FIGURES
    from ablation.training.transforms.table import TRANSFORMS

    tables = {
        "BACKBONES": BACKBONES,
        "EDITS": EDITS,
        "HEADS": HEADS,
        "TRANSFORMS": TRANSFORMS,
        "STUDY_FIGURES": STUDY_FIGURES,
    }
    assert tables.keys() == code.TABLES.keys()
    for table, entries in tables.items():
        found = [code.of_row(table, name) for name in entries]  # type: ignore[attr-defined]
        assert len(dict(found)) == len(set(dict(found).values())) == len(found)


def test_an_edit_concerns_the_rows_that_reach_it_from_whichever_module(scripts: Path) -> None:
    folder, before = scripts / code.TABLES["TRANSFORMS"], rows(scripts, "TRANSFORMS")
    all_rows, cut = set(names(before)), "def chance("
    gray = {"color_jitter", "grayscale", "rand_augment", "trivial_augment_wide"}
    flips = {"horizontal_flip", "vertical_flip", "grayscale"}
    for module, old, new, concerned in (
        ("colour", "def luma(photos: Tensor)", "def luma(photos: Any)", gray),
        ("colour", "0.2989 * red", "0.299 * red", gray),
        ("normalization", "photos.sub_(mean)", "photos.sub(mean)", {"normalize"}),
        ("base", "random: ClassVar[bool] = True", "random: ClassVar[bool] = not False", all_rows),
        ("base", "marked = marks.tolist()", "marked = [*marks.tolist()]", flips),
        ("base", cut, f"def alone(x: Any) -> Any:\n    return x\n\n\n{cut}", set()),
        (
            "table",
            "TRANSFORMS: Mapping",
            "def alone(x: Any) -> Any:\n    return x\n\n\nTRANSFORMS: Mapping",
            set(),
        ),
        ("geometry", "from typing import TYPE_CHECKING", "from typing import IO, TYPE_CHECKING", set()),
        # A module more imports what others do, for itself.
        ("normalization", "from collections.abc import", "import math\nfrom collections.abc import", set()),
    ):
        edit(folder / f"{module}.py", old, new)
        after = rows(scripts, "TRANSFORMS")
        assert {name for name in all_rows if before[name_of(name)] != after[name_of(name)]} == concerned
        before = after


@pytest.mark.parametrize(
    "statement",
    [
        "from ablation.training.transforms.base import chance as drawn",
        "from ablation.training.transforms import base",
        "from ablation.training import transforms",
        "import ablation.training.transforms.base",
        "def late():\n    from ablation.training.transforms.base import chance",
    ],
)
def test_what_would_not_be_found_in_a_tables_package_is_refused(scripts: Path, statement: str) -> None:
    edit(
        scripts / code.TABLES["TRANSFORMS"] / "table.py",
        "TRANSFORMS: Mapping",
        f"{statement}\nTRANSFORMS: Mapping",
    )
    with pytest.raises(ValueError, match="is not followed within ablation"):
        rows(scripts, "TRANSFORMS")


TABLE = '''"""A table."""

import math
from ablation.spec import Spec

SCALE = 2


def double(x):
    return SCALE * x


def turn(x):
    return math.sin(x)


class Base:
    kind = "a"


class Step(Base):
    def __call__(self, x):
        return double(x)


EDITS: dict[str, object] = {"double": double, "turn": turn, "step": Step()}
'''
ALL = {"double", "turn", "step"}


@pytest.mark.parametrize(
    ("old", "new", "concerned"),
    [
        # Another name on the line of an import.
        ("import math", "import json, math", set()),
        ("from ablation.spec import Spec", "from ablation.spec import Optimizer, Spec", set()),
        ("SCALE = 2", "if TYPE_CHECKING:\n    from torch import nn\n\nSCALE = 2", set()),
        # Defined twice, or through what stood there before.
        ("class Base", "double = double\n\n\nclass Base", {"double", "step"}),
        ("def turn(x):", "def turn(x):\n    return 3\n\n\nthird = turn\n\n\ndef turn(x):", {"turn"}),
        # The table made or changed in another way.
        ('turn, "step": Step()}', 'turn, "step": Step()}\nEDITS = {**EDITS}', ALL),
        ('turn, "step": Step()}', 'turn, "step": Step()}\nEDITS["step"] = turn', ALL),
        ("SCALE = 2", "SCALE = 3", {"double", "step"}),
        ("import math", "import cmath as math", {"turn"}),
        ('kind = "a"', 'kind = "b"', {"step"}),
        ('"turn": turn,', '"turn": lambda x: -turn(x),', {"turn"}),
        ('"turn": turn,', '"other": turn, "turn": turn,', set()),
        ("def turn(x):", "def third(x):\n    return 3 * x\n\n\ndef turn(x):", set()),
        ("from ablation.spec import Spec", "from ablation.spec import Optimizer", set()),
        # What may do anything is of every row.
        ("SCALE = 2", "SCALE = 2\nSCALE += 1", ALL),
        ("SCALE = 2", "SCALE = 2\nif math.pi > 3:\n    SCALE = 3", ALL),
        ("EDITS: dict", "Base.kind = 1\nEDITS: dict", ALL),
        ("EDITS: dict", '"""Edits."""\nEDITS: dict', set()),
    ],
)
def test_a_row_counts_with_all_that_it_refers_to(old: str, new: str, concerned: set[str]) -> None:
    assert old in TABLE
    before, after = (
        code.parsed(ast.parse(text), ["EDITS"]).parts for text in (TABLE, TABLE.replace(old, new))
    )
    assert {
        name for name in ("double", "turn", "step") if before[f"EDITS[{name}]"] != after[f"EDITS[{name}]"]
    } == concerned


def test_what_a_table_imports_of_the_library_counts_for_all(scripts: Path) -> None:
    edit(
        scripts / code.TABLES["EDITS"],
        "from dataclasses",
        "from ablation.photos import classes\nfrom dataclasses",
    )
    assert "ablation/photos/classes.py" in dict(code.of("train.py"))


def names(hashes: dict[str, str]) -> list[str]:
    return [row.partition("[")[2].rstrip("]") for row in hashes if "[" in row]


def name_of(transform: str) -> str:
    return f"TRANSFORMS[{transform}]"


# --- what is kept of it ------------------------------------------------------------------------------


@pytest.mark.usefixtures("scripts")
def test_what_is_known_is_kept_in_snakemakes_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    first = code.of("train.py")
    assert not code.KEPT.parent.exists()
    code.KEPT.parent.mkdir()
    forget()
    assert code.of("train.py") == first
    forget()
    monkeypatch.setattr(code, "parsed", None)
    assert code.of("train.py") == first


def test_what_is_kept_of_a_module_is_not_taken_for_another(scripts: Path) -> None:
    code.KEPT.parent.mkdir()
    first = dict(code.of("train.py"))
    edit(scripts / "ablation/training/loop.py", "while not", "while True and not")
    second = dict(code.of("train.py"))
    assert {path for path in first if first[path] != second[path]} == {"ablation/training/loop.py"}


@pytest.mark.usefixtures("scripts")
@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"hash": 1}', '{"hash": 1, "imports": null, "parts": []}', "\x00", '"text"'],
)
def test_a_damaged_memory_is_made_anew(content: str) -> None:
    code.KEPT.parent.mkdir()
    first = code.of("train.py")
    for path in code.KEPT.iterdir():
        path.write_text(content, encoding="utf-8")
    forget()
    assert code.of("train.py") == first


@pytest.mark.usefixtures("scripts")
def test_a_folder_that_refuses() -> None:
    expected = code.of("train.py")
    code.KEPT.parent.mkdir()
    code.KEPT.write_text("in the way", encoding="utf-8")
    forget()
    assert code.of("train.py") == expected
