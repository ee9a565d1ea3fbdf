"""What stands behind --configfile and --config, beside what Snakemake itself makes of it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snakemake.cli import parse_args, parse_config
from snakemake.common.configfile import load_configfile

from ablation.chain import words
from ablation.running.errors import UserError
from ablation.study import config_file
from places import SCHEMA


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, and the working directory."""
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/grid.yaml").write_text("seeds: [0, 1]\n", encoding="utf-8")
    (tmp_path / "my photos").mkdir()
    (tmp_path / words.SCHEMA).parent.mkdir(parents=True)
    (tmp_path / words.SCHEMA).write_bytes(SCHEMA.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(*given_words: str, project: Path = Path()) -> str:
    with pytest.raises(UserError) as told:
        words.check(["/bin/snakemake", *given_words], project)
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize("target", ["results/summary.csv", "check", "results/data/a b/check.txt"])
@pytest.mark.parametrize(
    "options", [["--configfile", "studies/grid.yaml"], ["--config", "seeds=3"], ["-C", "dataset=demo"]]
)
def test_a_target_that_an_option_swallows(options: list[str], target: str) -> None:
    told = refusal("-n", *options, target, "--quiet")
    command = told.partition("write -- before it: ")[2].partition("; if it is a key")[0]
    program, *advised = shlex.split(command)
    assert program == "snakemake"
    words.check([program, *advised], Path())
    _, args = parse_args([*advised[: advised.index("--")], "--workflow-profile", "none", "--", target])
    assert list(args.targets) == [target]
    assert args.dryrun


def test_a_target_first_or_behind_two_dashes() -> None:
    for typed in (
        ["results/summary.csv", "--configfile", "studies/grid.yaml"],
        ["--configfile", "studies/grid.yaml", "--", "results/summary.csv"],
        ["--config", "seeds=3", "--configfile", "studies/grid.yaml", "--", "check"],
    ):
        words.check(["snakemake", *typed], Path())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"# nothing\n", "is empty"),
        (b"seeds: [0\n", "is no YAML (line 2"),
        (b"\x00\x01\xff", "is no text in UTF-8 (byte 3)"),
        (b"- seeds\n", "holds a list in place of keys with values"),
        (b"seeds\n", "holds text in place of keys with values"),
        (b"3", "holds an integer in place of keys with values"),
    ],
)
def test_a_file_that_is_no_configuration(folder: Path, content: bytes, why: str) -> None:
    (folder / "mine.yaml").write_bytes(content)
    told = refusal("--configfile", "studies/grid.yaml", "mine.yaml")
    assert told.startswith(f"--configfile mine.yaml {why}")
    assert "write keys as config.yaml has them" in told


def test_a_file_that_is_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "there is no such file in" in refusal("--configfile", "grid.yaml")
    monkeypatch.chdir(folder / "my photos")
    told = refusal("--configfile", "studies/grid.yaml", project=folder)
    assert told.endswith(f"but there is {folder / 'studies/grid.yaml'}: write that")


def test_an_option_that_is_given_twice_loses_nothing_in_silence() -> None:
    assert "--config is given 2 times" in refusal("--config", "seeds=3", "-n", "--config", "dataset=demo")
    _, args = parse_args(["--config", "a=1", "--config", "b=2", "--workflow-profile", "none"])
    assert args.config == ["b=2"], "Snakemake keeps both now: the refusal is no longer needed"


def test_a_key_that_is_no_target() -> None:
    advice = "study=quick is nothing to make: if it is of the configuration, write --config before it, as in"
    assert f"{advice} --config study=quick" in refusal("study=quick", "-n")
    assert f"{advice} --config study=quick seeds=3" in refusal("-n", "study=quick", "seeds=3", "--quiet")
    words.check(["snakemake", "-n", "--set-threads", "train=4", "--resources", "gpu=1", "a=b"], Path())


@pytest.mark.parametrize("apart", [["study", "=", "quick"], ["study=", "quick"], ["study", "=quick"]])
def test_a_key_apart_from_its_value(apart: list[str]) -> None:
    assert "write KEY=VALUE without spaces, such as study=quick" in refusal("--config", *apart)


def test_a_key_that_is_given_twice_loses_nothing_in_silence() -> None:
    told = refusal("--config", "only=a", "only=b")
    assert told == "--config has only= 2 times: write it once, with commas between the names"


@pytest.mark.parametrize("entry", ["dataset=my photos", "recipe={epochs: 1, patience: 2}", "seeds=[0, 1, 2]"])
def test_a_value_of_several_words(entry: str) -> None:
    told = refusal("--config", "speed=auto", *entry.split(" "), "weights=none")
    assert shlex.split(told.rpartition("quotes around it, ")[2]) == ["--config", entry]


@pytest.mark.parametrize(
    ("typed", "advice"),
    [("recipe.epochs=1", "recipe={epochs: 1}"), ("labels.by.seed=[1]", "labels={by: {seed: [1]}}")],
)
def test_a_key_with_dots(typed: str, advice: str) -> None:
    told = refusal("--config", typed)
    command, _, own = told.rpartition("write ")[2].partition(" (")
    assert shlex.split(command) == ["--config", advice]
    assert own == ("experiments with one of their own keep it)" if typed.startswith("recipe") else "")
    parse_config([advice])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("recipe.epoch=1", "recipe.epoch: there is no such key; did you mean recipe.epochs? one of: "),
        ("split.x=1", "split.x: there is no such key; one of: train_fraction, seed"),
        ("experiments.backbone=vgg11", "experiments is a list: change the entries in a study's file"),
        ("experiments.epochs=1", "is a list: write --config recipe='{epochs: 1}' for all that"),
    ],
)
def test_a_key_with_dots_that_there_is_not(typed: str, said: str) -> None:
    assert said in refusal("--config", typed)


@given(st.text(st.sampled_from("ab_-.=1{ é"), min_size=1).filter(lambda word: not word.startswith("-")))
def test_what_is_let_through_is_what_snakemake_reads(word: str) -> None:
    try:
        parse_config([word])
        readable = True
    except Exception:
        readable = False
    try:
        words.check(["snakemake", "--config", word], Path())
        passed = True
    except UserError:
        passed = False
    assert passed == readable


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(st.sampled_from("ab:- {}[]'\"\n\t#,1\\")).map(str.encode), st.binary()))
def test_a_file_that_is_let_through_is_one_that_snakemake_reads(folder: Path, content: bytes) -> None:
    path = folder / "drawn.yaml"
    path.write_bytes(content)
    found, why = config_file.read(path)
    try:
        expected = load_configfile(path)
    except Exception:
        expected = None
    assert found == expected
    assert (found is None) == bool(why)
