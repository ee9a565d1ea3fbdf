"""Rows of tables in the user's own files: found, refused in one line, and stale by their content alone."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torchvision.transforms.v2 import functional

from ablation.networks import backbones
from ablation.networks.edits import EDITS
from ablation.results.figures.run import RUN_FIGURES
from ablation.results.figures.study import STUDY_FIGURES
from ablation.running import code, plugins
from ablation.running.errors import UserError
from ablation.training import parameters
from ablation.training.transforms.table import TRANSFORMS
from places import ROOT

Write = Callable[..., Path]
EDIT = "from ablation.networks.edits import Edit\n"
ROW = EDIT + "EDITS = {'mine': Edit(lambda net: None)}\n"
DOCUMENT = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"in `plugins/(\w+\.py)`.*?```python\n(.*?)```", DOCUMENT, re.DOTALL))


def forget() -> None:
    for one in (plugins._files_of, plugins.loaded, code.read, code.of_plugin):
        one.cache_clear()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write files of a folder of plugins, and have this process read it, as anew."""
    monkeypatch.setenv(plugins.FOLDER, "")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "plugins"
    folder.mkdir()

    def write(**files: str) -> Path:
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
        forget()
        plugins.use("plugins")
        return folder

    yield write
    forget()


def tables(write: Write, files: dict[str, str]) -> list[list[str]]:
    write(**files)
    return [list(one) for one in (EDITS, TRANSFORMS, backbones.BACKBONES, STUDY_FIGURES, RUN_FIGURES)]


def refusal(write: Write, **files: str) -> str:
    with pytest.raises(UserError) as refused:
        tables(write, files)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_rows_stand_beside_the_projects(write: Write) -> None:
    before = list(EDITS)
    write(one=ROW)
    assert list(EDITS) == [*before, "mine"]
    assert len(EDITS) == len(before) + 1
    assert EDITS["mine"].backbones == ("alexnet",)
    assert EDITS["fewer_layers"] is EDITS.own["fewer_layers"]  # type: ignore[attr-defined]
    plugins.use(None)
    assert list(EDITS) == before
    assert os.environ[plugins.FOLDER] == ""


def test_files_import_each_other(write: Write) -> None:
    write(
        helper="NAMES = ('vgg11',)\n",
        one="from .helper import NAMES\n" + EDIT + ("EDITS = {'mine': Edit(lambda net: None, NAMES)}\n"),
    )
    assert EDITS["mine"].backbones == ("vgg11",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import nothing_like\n", "one.py, line 1: ModuleNotFoundError: No module named 'nothing_like'"),
        ("x = 1\ny = x + None\n", "one.py, line 2: TypeError: unsupported operand"),
        ("def (:\n", "one.py, line 1: SyntaxError: invalid syntax"),
        ("X = 1\n", "no Python file has one of the tables BACKBONES, HEADS, EDITS"),
        (EDIT + "EDITS = {'fewer_layers': Edit(print)}\n", "which is the project's: give it another name"),
        (EDIT + "EDITS = {'mine': print}\n", "EDITS['mine'] is of type builtin_function_or_method, not Edit"),
        (EDIT + "EDITS = dict(mine=Edit(print))\n", "is to be written as EDITS = {\"name\": ...}"),
        (EDIT + "EDITS = {}\nEDITS['mine'] = Edit(print)\n", "is to be written as EDITS = {\"name\": ...}"),
        (EDIT + "EDITS = [Edit(print)]\n", "is to be written as EDITS = {\"name\": ...}"),
        (EDIT + "EDITS = {'a/b': Edit(print)}\n", "'a/b' in EDITS is no name of letters, digits and _"),
        (
            "from ablation.results.figures.study import StudyFigure\n"
            "STUDY_FIGURES = {'mine': StudyFigure('A', 'B', print, photos=True)}\n",
            "line 2: ValueError: a plugin's figure of a study is a chart of its tables",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_in_one_line(text: str, told: str, write: Write) -> None:
    assert told in refusal(write, one=text)


@pytest.mark.parametrize("line", ["from .deeper.helper import X", "from .deeper import helper"])
def test_what_lies_deeper_is_refused_for_its_changes_would_not_be_noticed(
    line: str, tmp_path: Path, write: Write
) -> None:
    (tmp_path / "plugins/deeper").mkdir()
    (tmp_path / "plugins/deeper/helper.py").write_text("X = 1\n", encoding="utf-8")
    told = refusal(write, one=f"{line}\n{ROW}")
    assert "one.py, line 1: .deeper" in told
    assert "is no file beside it: plugins import from files of their own folder alone" in told


def test_a_file_beside_is_imported_with_a_dot(write: Write) -> None:
    told = refusal(write, helper="X = 1\n", one=f"import helper\n{ROW}")
    assert told.endswith("No module named 'helper'; write: from .helper import ...")


def test_two_files_may_not_have_one_name(write: Write) -> None:
    assert "two.py: EDITS has 'mine', which one.py has: give it another name" in refusal(
        write, one=ROW, two=ROW
    )


def test_a_folder_that_is_none_is_refused(write: Write) -> None:
    write(one=ROW)
    with pytest.raises(UserError, match="plugins is 'nowhere', which is no folder"):
        plugins.use("nowhere")


@pytest.mark.parametrize(("name", "library"), [("resnet18", "torchvision"), ("vit_tiny_patch16_224", "timm")])
def test_a_backbone_may_not_be_called_as_one_of_a_library(name: str, library: str, write: Write) -> None:
    write(one=EXAMPLES["small.py"].replace('"small"', f'"{name}"'))
    with pytest.raises(UserError, match=f"which is {library}'s: give it another name"):
        backbones.require_own_names()


# --- what is stale ---------------------------------------------------------------------------------

PARTS = """
from ablation.networks.edits import Edit
from .helper import size

SIZE = size()

def apply(net):
    \"\"\"Do something.\"\"\"
    return SIZE

def other(net):
    return 2

EDITS = {"mine": Edit(apply), "other": Edit(other)}
"""
HELPER = "from .deeper import DEEP\n\ndef size():\n    return DEEP\n"


def row(name: str) -> tuple[str, str]:
    return code.of_row("EDITS", name)


@pytest.mark.parametrize(
    ("file", "old", "new", "stale"),
    [
        ("one", "return SIZE", "return SIZE + 1", {"mine"}),
        ("one", "SIZE = size()", "SIZE = size() + 1", {"mine"}),
        ("one", "return 2", "return 3", {"other"}),
        ("one", "Edit(other)", "Edit(other, minimum_size=99)", {"other"}),
        ("one", "Do something.", "Do something else.", set()),
        ("one", "SIZE = size()", "SIZE = size()  # bytes", set()),
        ("helper", "return DEEP", "return DEEP + 1", {"mine"}),
        ("helper", "return DEEP", "return DEEP  # as is", set()),
        ("deeper", "DEEP = 1", "DEEP = 2", {"mine"}),
        ("unused", "X = 1", "X = 2", set()),
    ],
)
def test_a_row_is_stale_by_what_it_reaches(
    file: str, old: str, new: str, stale: set[str], write: Write
) -> None:
    files = {"one": PARTS, "helper": HELPER, "deeper": "DEEP = 1\n", "unused": "X = 1\n"}
    write(**files)
    before = {name: row(name) for name in ("mine", "other")}
    assert old in files[file]
    write(**{file: files[file].replace(old, new)})
    assert {name for name, found in before.items() if row(name) != found} == stale


def test_code_of_the_project_that_a_row_reaches_counts(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(one=ROW, two=EXAMPLES["overfitting.py"])
    before = row("mine"), code.of_row("STUDY_FIGURES", "overfitting")
    own = code.read

    def edited(path: Path, **how: bool) -> code.Module:
        its = own(path, **how)
        return (
            code.Module("changed", its.imports, its.parts, its.reached) if path.name == "canvas.py" else its
        )

    with monkeypatch.context() as patched:
        patched.setattr(code, "read", edited)
        code.of_plugin.cache_clear()
        assert row("mine") == before[0]
        assert code.of_row("STUDY_FIGURES", "overfitting") != before[1]


def test_neither_the_folder_nor_the_file_says_anything(write: Write) -> None:
    folder = write(one=PARTS, helper=HELPER, deeper="DEEP = 1\n")
    before = row("mine")
    (folder / "one.py").rename(folder / "renamed.py")
    folder.rename(folder.with_name("moved"))
    forget()
    plugins.use("moved")
    assert row("mine") == before


# --- the documented examples -----------------------------------------------------------------------


def test_the_documented_examples_are_short() -> None:
    assert sorted(EXAMPLES) == ["dropout.py", "overfitting.py", "small.py", "solarize.py"]
    assert max(len(text.splitlines()) for text in EXAMPLES.values()) < 20


def test_the_documented_transform_is_torchvisions_solarize(write: Write) -> None:
    write(solarize=EXAMPLES["solarize.py"])
    assert parameters.resolve("solarize", {}) == {"threshold": 0.5, "probability": 0.5}
    photos = torch.rand(8, 3, 9, 7, generator=torch.Generator().manual_seed(0))
    step = TRANSFORMS["solarize"](threshold=0.4, probability=1.0)  # type: ignore[call-arg]
    drawn = step.draw(8, torch.Generator().manual_seed(0))
    assert torch.equal(step.apply(photos.clone(), drawn), functional.solarize(photos, 0.4))
    never = TRANSFORMS["solarize"](probability=0.0)  # type: ignore[call-arg]
    assert torch.equal(never.apply(photos.clone(), never.draw(8, torch.Generator())), photos)
