"""What a person is told who asked for a look at the data set."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from chained import Job, Workflow
from configs import load, small

from ablation.chain import checks, paths
from ablation.study import overlays
from places import ROOT


def test_what_was_asked_for() -> None:
    assert checks.targets(Workflow([Job("check"), Job("all"), Job("all")])) == {"check", "all"}
    assert checks.targets(Workflow([])) == set()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("check", True), ("list", True), ("check list", True), ("all", False), ("list all", False), ("", False)],
)
def test_whether_something_is_only_to_be_said(asked: str, expected: bool) -> None:
    assert checks.asks_only(Workflow([Job(rule) for rule in asked.split()])) is expected


@pytest.mark.parametrize(
    ("argv", "entry", "expected"),
    [
        ("/usr/bin/snakemake check", None, "snakemake"),
        (".venv/bin/snakemake check", None, ".venv/bin/snakemake"),
        ("/a/snakemake/__main__.py check -n", None, "snakemake -n"),
        ("snakemake check --quiet all -c 2", "study=q", "snakemake -c 2 --config study=q"),
        ("snakemake check --config dataset=x", "study=q", "snakemake --config study=q dataset=x"),
        ("snakemake check -C study=x dataset=x", "study=q", "snakemake -C study=q dataset=x"),
        ("snakemake --configfile a.yaml -- check", None, "snakemake --configfile a.yaml"),
        ("snakemake check --config 'dataset=~/a b #2'", None, "snakemake --config 'dataset=~/a b #2'"),
    ],
)
def test_the_command_that_trains(argv: str, entry: str | None, expected: str) -> None:
    words = shlex.split(argv)
    assert checks.instead(checks.with_entry(words, entry) if entry else words, "check") == expected


@pytest.mark.parametrize(
    ("own", "name", "command"),
    [
        (False, "default", "snakemake --cores 2"),
        (True, "default", "snakemake --cores 2 --config study=quick"),
        (True, "other", "snakemake --cores 2"),
    ],
    ids=["drawn", "own photos", "a study of their own"],
)
def test_what_was_found_is_printed_with_what_to_do_next(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    own: bool,
    name: str,
    command: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["/bin/snakemake", "check", "--cores", "2"])
    (tmp_path / "mine").mkdir()
    study = load(small(dataset="mine" if own else "drawn", study=name))
    path = Path(paths.CHECK.format(dataset=study.dataset.name))
    path.parent.mkdir(parents=True)
    path.write_text("mine: 10 photos of 2 classes\n", encoding="utf-8")
    checks.tell(study)
    assert capsys.readouterr().out == f"mine: 10 photos of 2 classes\nNext        {command}\n"


def test_there_is_a_study_that_answers_first() -> None:
    file = overlays.file(checks.QUICK.removeprefix(overlays.KEY), ROOT)
    assert file is not None
    assert file.samefile(ROOT / "studies/quick.yaml")
