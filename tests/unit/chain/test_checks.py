"""What a person is told who asked for a look at the data set."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from chained import Job, Workflow
from configs import load, small

from ablation.chain import checks, paths
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
    ("argv", "configfile", "expected"),
    [
        ("/usr/bin/snakemake check", None, "snakemake"),
        (".venv/bin/snakemake check", None, ".venv/bin/snakemake"),
        ("/a/snakemake/__main__.py check -n", None, "snakemake -n"),
        ("snakemake check --quiet all -c 2", "q.yaml", "snakemake --configfile q.yaml -c 2"),
        ("snakemake --configfile a.yaml -- check", None, "snakemake --configfile a.yaml"),
        ("snakemake check --config 'dataset=~/a b #2'", None, "snakemake --config 'dataset=~/a b #2'"),
    ],
)
def test_the_command_that_trains(argv: str, configfile: str | None, expected: str) -> None:
    assert checks.next_command(shlex.split(argv), configfile) == expected


def checked(*configfiles: str) -> Workflow:
    settings = SimpleNamespace(configfiles=[Path(one) for one in configfiles])
    return Workflow([Job("check")], config_settings=settings, basedir="/project", workdir_init="/project")


@pytest.mark.parametrize(
    ("own", "configfiles", "command"),
    [
        (False, [], "snakemake --cores 2"),
        (True, [], "snakemake --configfile studies/quick.yaml --cores 2"),
        (True, ["other.yaml"], "snakemake --cores 2"),
    ],
    ids=["drawn", "own photos", "a study of their own"],
)
def test_what_was_found_is_printed_with_what_to_do_next(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    own: bool,
    configfiles: list[str],
    command: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["/bin/snakemake", "check", "--cores", "2"])
    (tmp_path / "mine").mkdir()
    study = load(small(dataset="mine" if own else "drawn"))
    path = Path(paths.CHECK.format(dataset=study.dataset.name))
    path.parent.mkdir(parents=True)
    path.write_text("mine: 10 photos of 2 classes\n", encoding="utf-8")
    checks.tell(checked(*configfiles), study)
    assert capsys.readouterr().out == f"mine: 10 photos of 2 classes\nNext        {command}\n"


def test_there_is_a_study_that_answers_first() -> None:
    assert (ROOT / checks.QUICK).is_file()
