"""The data set as it was typed, whatever YAML makes of it."""

from __future__ import annotations

import copy
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.cli import parse_config
from snakemake.utils import update_config

from ablation.running.errors import UserError
from ablation.study import inputs, typed

ODD = [
    *(
        "album #2",
        "2024",
        "1e3",
        "1_0",
        "0x10",
        "yes",
        "True",
        "null",
        "~",
        "2024-01-01",
        "a: b",
        "[x]",
        "{x}",
    ),
    *(
        "- x",
        "? x",
        "!x y",
        "&x y",
        "| x",
        "%x",
        "album ",
        " album",
        "'album'",
        '"album"',
        "it's",
        "a=b",
        "nan",
    ),
    *("img<v2>", "\u7167\u7247", "hex:zz", "*", "$(touch x)", "`x`", "a\\b", "\udcff"),
]


def resolved(*words: str, in_job: bool = False) -> tuple[object, list[str]]:
    config: dict[str, object] = {"datasets": {"demo": {}, "2024": {}}, **parse_config(words)}
    for_jobs = typed.resolve(config, list(words), in_job=in_job)
    return config.get("dataset"), for_jobs


@pytest.mark.parametrize("name", ODD)
def test_the_folder_that_was_given_is_used(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for each in {name, "album", "x", "y", "1000.0", "10", "16"}:
        (tmp_path / each).mkdir()
    found, for_jobs = resolved("epochs=3", f"dataset={name}")
    assert found == name
    assert for_jobs[0] == "epochs=3"
    assert resolved(*for_jobs, in_job=True) == (name, for_jobs)


@pytest.mark.parametrize("name", ODD)
def test_a_folder_that_is_not_there_is_never_another(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for each in ("x", "y", "1000.0", "10", "16", "album", "it"):
        (tmp_path / each).mkdir()
    # But for quotes, as another program may put around a path.
    found, _ = resolved(f"dataset={name}")
    assert found == name.strip("'\"")


def test_the_last_one_counts_and_others_are_read_as_in_a_file() -> None:
    words = ["dataset=x", "experiments=[{name: a, epochs: 3}]", "dataset=demo", "seeds=[0, 1]"]
    words += ["recipe={epochs: 1}", "labels={label: 2024}"]
    config = {"recipe": {"epochs": 10, "threads": 1}, "seeds": [7]}
    update_config(config, parse_config(words))
    for_jobs = typed.resolve(config, words, in_job=False)
    expected = {
        "dataset": "demo",
        "experiments": [{"name": "a", "epochs": 3}],
        "seeds": [0, 1],
        "recipe": {"epochs": 1, "threads": 1},
        "labels": {"label": "2024"},
    }
    assert config == expected
    in_job = {"recipe": {"epochs": 10, "threads": 1}, "seeds": [7]}
    update_config(in_job, parse_config(for_jobs))
    typed.resolve(in_job, for_jobs, in_job=True)
    assert in_job == expected


@pytest.mark.parametrize(("typed_seeds", "seeds"), [("3", [0, 1, 2]), ("1", [0]), ("[3]", [3])])
def test_a_number_of_seeds(typed_seeds: str, seeds: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    config: dict[str, object] = {}
    for_jobs = typed.resolve(config, [f"seeds={typed_seeds}"], in_job=False)
    assert config == {"seeds": seeds}
    told = capsys.readouterr().err
    assert told == ("" if "[" in typed_seeds else f"seeds={len(seeds)}: the seeds {str(seeds)[1:-1]}\n")
    in_job = {**parse_config(for_jobs)}
    typed.resolve(in_job, for_jobs, in_job=True)
    assert in_job == config
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "config"),
    [
        ("trackers=tensorboard", {"trackers": ["tensorboard"]}),
        ("trackers=tensorboard, mlflow", {"trackers": ["tensorboard", "mlflow"]}),
        ("trackers=[mlflow]", {"trackers": ["mlflow"]}),
        ("trackers=[]", {"trackers": []}),
        ("only=alexnet-*,vgg11", {"only": ["alexnet-*", "vgg11"]}),
    ],
)
def test_lists_of_names(word: str, config: dict[str, object]) -> None:
    """One word is a list of one; what was configured is replaced, in a job as well."""
    found: dict[str, object] = {"trackers": ["mlflow"], "only": ["x"]}
    for_jobs = typed.resolve(found, [word], in_job=False)
    assert found == {"trackers": ["mlflow"], "only": ["x"]} | config
    in_job: dict[str, object] = {"trackers": ["mlflow"], "only": ["x"], **parse_config(for_jobs)}
    typed.resolve(in_job, for_jobs, in_job=True)
    assert in_job == found


@pytest.mark.parametrize("seeds", ["1,2", "-1", "three", "12345", "1.5", ""])
def test_what_is_no_number_of_seeds(seeds: str) -> None:
    with pytest.raises(UserError, match=r"write seeds=3 for the three seeds 0, 1 and 2, or 'seeds=\[7, 8\]'"):
        typed.resolve({"seeds": [7]}, [f"seeds={seeds}"], in_job=False)


def test_no_seeds_at_all() -> None:
    with pytest.raises(UserError, match=r"write seeds=1 for the seed 0, or seeds=\[7\] for the seed 7"):
        typed.resolve({}, ["seeds=0"], in_job=False)


def test_a_mapping_that_is_no_yaml() -> None:
    with pytest.raises(UserError, match=r"^config: recipe=\{epochs: \[\} is no YAML \("):
        typed.resolve({}, ["recipe={epochs: [}"], in_job=False)


# --- paths that are relative to another folder -------------------------------------------------------


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folders of the command, the study and the project; the second is the working one."""
    for name in ("command", "study", "project"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "study")
    inputs.look_in(*(tmp_path / name for name in ("command", "study", "project")))
    yield tmp_path
    inputs.look_in()


def configured(dataset: str = "photos") -> dict[str, Any]:
    sources = {"mine": {"source": "file", "path": "weights/{backbone}.pth"}, "none": {"source": "none"}}
    local = {"source": "local", "path": "photos"}
    return {"dataset": dataset, "datasets": {"own": local, "demo": {}}, "weight_sources": sources}


@pytest.mark.parametrize("where", ["command", "study", "project"])
def test_a_relative_path_is_found_from_each_folder(folders: Path, where: str) -> None:
    (folders / where / "photos").mkdir()
    (folders / where / "weights").mkdir()
    (folders / where / "weights/alexnet.pth").touch()
    config = configured()
    for_jobs = typed.resolve(config, ["dataset=photos"], in_job=False)
    before = "" if where == "study" else f"../{where}/"
    assert config["dataset"] == config["datasets"]["own"]["path"] == f"{before}photos"
    assert config["weight_sources"]["mine"]["path"] == f"{before}weights/{{backbone}}.pth"
    in_job = configured()
    update_config(in_job, parse_config(for_jobs))
    typed.resolve(in_job, for_jobs, in_job=True)
    assert in_job == config


def test_a_path_that_two_folders_have_is_refused(folders: Path) -> None:
    for where in ("command", "project"):
        (folders / where / "photos").mkdir()
    with pytest.raises(UserError) as told:
        typed.resolve(configured(), [], in_job=False)
    both = f"{folders}/command/photos and {folders}/project/photos"
    assert str(told.value) == f"config: dataset is 'photos', which may be {both}: write the whole path"


def test_a_link_to_the_same_folder_is_no_second_one(folders: Path) -> None:
    (folders / "project/photos").mkdir()
    (folders / "command/photos").symlink_to(folders / "project/photos")
    config = configured()
    typed.resolve(config, [], in_job=False)
    assert Path(config["dataset"]).samefile(folders / "project/photos")


def test_a_path_that_is_nowhere_says_where_it_was_looked_for(folders: Path) -> None:
    config = configured("a/b")
    before = copy.deepcopy(config)
    assert typed.resolve(config, None, in_job=False) == []
    assert config == before
    with pytest.raises(UserError) as told:
        inputs.require("a/b", "dataset")
    names = " or ".join(str(folders / name) for name in ("command", "study", "project"))
    assert str(told.value) == (
        f"config: dataset is 'a/b', but there is no such file or folder in {names}, from where relative "
        "paths are taken"
    )


def test_a_configured_name_is_no_path(folders: Path) -> None:
    (folders / "command/demo").mkdir()
    config = configured("demo")
    typed.resolve(config, ["dataset=demo"], in_job=False)
    assert config["dataset"] == "demo"


@pytest.mark.parametrize(
    "config", [{}, {"dataset": 3}, {"datasets": [], "dataset": None}, {"datasets": {"a": 1}}]
)
def test_what_is_no_configuration_is_left_to_the_schema(config: dict[str, Any]) -> None:
    before = copy.deepcopy(config)
    assert typed.resolve(config, [], in_job=False) == []
    assert config == before


@pytest.mark.parametrize("words", [None, [], ["epochs=3"], ["dataset="], ["labels={a: b}"]])
def test_where_nothing_was_typed_nothing_changes(words: list[str] | None) -> None:
    config = {"dataset": "demo", **parse_config(words)}
    before = dict(config)
    assert typed.resolve(config, words, in_job=False) == (words or [])
    assert config == before


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_a_job_gets_any_path_through_two_shells(name: str) -> None:
    """As Snakemake writes the words into a command, and SLURM's plugin that into another in double quotes."""
    config: dict[str, object] = {}
    (word,) = typed.resolve(config, [f"dataset={name}"], in_job=False)
    assert shlex.quote(word) == word
    assert parse_config([word]) == {typed.CARRIER: word.partition("=")[2]}
    typed.resolve(config, [word], in_job=True)
    assert config["dataset"] in (name, name.strip("'\""))


def test_shells_leave_the_word_alone() -> None:
    (word,) = typed.resolve({}, ["dataset=$(echo x) `y` \"z\" 'q' \\ !#"], in_job=False)
    inner = f"echo '{word}'"
    done = subprocess.run(f'sh -c "{inner}"', shell=True, capture_output=True, text=True, check=True)
    assert done.stdout == f"{word}\n"


# --- comments in a file -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "dataset: album #2",
        "dataset:   album #2  ",
        "  mine:\n    source: local\n    path: album #2",
        "    published: album #2",
    ],
)
def test_a_path_that_yaml_cuts_off_is_refused(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config.yaml"
    path.write_text(f"weights: none\n{line}\n", encoding="utf-8")
    typed.refuse_comments([path])
    (tmp_path / "album #2").mkdir()
    with pytest.raises(UserError) as caught:
        typed.refuse_comments([path, tmp_path / "missing.yaml"])
    number = 2 + line.count("\n")
    assert str(caught.value) == (
        f"config: {path}, line {number}, gives 'album', as YAML takes the rest for a comment, but there is "
        "'album #2': write the one that is meant in quotes"
    )


@pytest.mark.parametrize(
    "line", ['dataset: "album" #2', "dataset: 'album #2'", "# dataset: album #2", "x: album #2"]
)
def test_other_comments_are_comments(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "album #2").mkdir()
    (tmp_path / "config.yaml").write_text(line, encoding="utf-8")
    typed.refuse_comments([Path("config.yaml")])
