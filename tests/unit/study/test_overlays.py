"""Which study is meant, and what it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ablation.running.errors import UserError
from ablation.study import inputs, overlays


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two studies; the working folder is another."""
    folder, work = tmp_path / "project", tmp_path / "work"
    for path in (folder / "studies/quick.yaml", folder / "studies/grid.yaml", work / "mine/Grid 2.yaml"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("weights: none\n", encoding="utf-8")
    monkeypatch.chdir(work)
    inputs.look_in(work, folder)
    return folder


def test_the_last_word_counts() -> None:
    assert overlays.asked(["a=b", "study=x", "study=y"]) == "y"
    assert overlays.asked(["a=b"]) is None
    assert overlays.asked(None) is None


def test_a_study_by_its_name(project: Path) -> None:
    assert overlays.file("quick", project) == project / "studies/quick.yaml"
    assert overlays.file("default", project) is None


def test_the_working_folders_own_goes_first(project: Path) -> None:
    Path("studies").mkdir()
    Path("studies/quick.yaml").write_text("weights: none\n", encoding="utf-8")
    assert overlays.file("quick", project) == Path("studies/quick.yaml")
    assert overlays.file("grid", project) == project / "studies/grid.yaml"


def test_a_study_by_its_path(project: Path) -> None:
    assert overlays.file("mine/Grid 2.yaml", project) == Path("mine/Grid 2.yaml")
    found = overlays.file("studies/grid.yaml", project)
    assert found is not None
    assert found.samefile(project / "studies/grid.yaml")


def test_a_folder_is_no_study(project: Path) -> None:
    with pytest.raises(UserError, match=r"a study is a \.yaml file; for photos, write dataset=PATH"):
        overlays.file("mine", project)


def test_a_file_that_lies_here(project: Path) -> None:
    Path("my.yaml").write_text("weights: none\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"my\.yaml is here: write study=my\.yaml; one of"):
        overlays.file("my", project)


@pytest.mark.parametrize(
    ("study", "message"),
    [
        (
            "qick",
            "there is no studies/qick.yaml; did you mean 'quick'? one of: default, grid, quick, or the path",
        ),
        ("x", "there is no studies/x.yaml; one of: default"),
        ("x.yaml", "study is 'x.yaml', but there is no such file"),
    ],
)
def test_one_that_there_is_not(project: Path, study: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        overlays.file(study, project)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"roses", "holds text in place of keys with values"),
        (b"[1, 2]", "holds a list in place of keys with values"),
        (b"a: [1,\n b: }", "is no YAML (line 2"),
        (b"\x00\x01\xff", "is no text in UTF-8 (byte 3)"),
    ],
)
@pytest.mark.parametrize("study", ["quick", "mine/Grid 2.yaml"])
def test_one_that_holds_no_study(project: Path, study: str, content: bytes, why: str) -> None:
    path = overlays.file(study, project)
    assert path is not None
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        overlays.file(study, project)
    assert str(caught.value).startswith(f"config: study is {path}, which {why}")
    assert str(caught.value).endswith(": write keys as config.yaml has them, such as dataset: demo")


@pytest.mark.parametrize(
    ("words", "files", "given", "config", "name"),
    [
        ([], [], {}, {}, "default"),
        ([], [], {}, {"study": "mine"}, "mine"),
        ([], ["/x/studies/quick.yaml"], {}, {"study": "mine"}, "quick"),
        ([], ["/x/photos.yaml", "/x/Grid 2.json"], {}, {}, "photos-grid_2"),
        ([], ["/x/quick.yaml"], {"study": "own"}, {"study": "own"}, "own"),
        (["study=grid"], [], {"study": "grid"}, {"study": "grid"}, "grid"),
        (["study=mine/Grid 2.yaml"], ["/x/quick.yaml"], {"study": "mine/Grid 2.yaml"}, {}, "grid_2-quick"),
        (["study=mine/said.yaml"], [], {"study": "mine/said.yaml"}, {}, "blah"),
    ],
)
def test_names(
    project: Path,
    words: list[str],
    files: list[str],
    given: dict[str, Any],
    config: dict[str, Any],
    name: str,
) -> None:
    Path("mine/said.yaml").write_text("study: blah\n", encoding="utf-8")
    assert overlays.name(config, given, words, [Path(one) for one in files], project) == name


def test_another_file_of_a_name_would_share_its_tables(project: Path) -> None:
    Path("mine/quick.yaml").write_text("weights: none\n", encoding="utf-8")
    Path("mine/said.yaml").write_text("study: quick\n", encoding="utf-8")
    told = "would be called 'quick' and share its tables with .*studies/quick.yaml: give the file, or its key"
    for words, files, given in (
        (["study=mine/quick.yaml"], [], {"study": "mine/quick.yaml"}),
        (["study=mine/said.yaml"], [], {"study": "mine/said.yaml"}),
        ([], ["mine/quick.yaml"], {}),
        ([], ["mine/said.yaml"], {"study": "quick"}),
    ):
        with pytest.raises(UserError, match=told):
            overlays.name({}, given, words, [Path(one) for one in files], project)
    own = project / "studies/quick.yaml"
    assert overlays.name({}, {}, [], [own], project) == "quick"
    assert overlays.name({}, {"study": str(own)}, [f"study={own}"], [], project) == "quick"
