"""The data set as it was typed, whatever YAML makes of it."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.cli import parse_config

from ablation.running.errors import UserError
from ablation.study import typed

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


def test_the_last_one_counts_and_others_stay_yaml() -> None:
    words = ["dataset=x", "experiments=[{name: a}]", "dataset=demo", "seeds=[0, 1]"]
    config = parse_config(words)
    typed.resolve(config, words, in_job=False)
    assert config == {"dataset": "demo", "experiments": [{"name": "a"}], "seeds": ["0", "1"]}


@pytest.mark.parametrize("words", [None, [], ["epochs=3"], ["dataset="], ["datasets={a: {}}"]])
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
    assert parse_config([word]) == {"dataset": word.partition("=")[2]}
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
