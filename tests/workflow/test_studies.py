"""Studies have names: what each leaves lies apart, what is equal is shared, a part of one is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from plans import COMPARISON, LATEST, RUNS, whole
from project import TINY, Project, contents
from tables import rows

OTHER = "studies/other.yaml"


def first_words(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake with these words alone."""
    return Project(project.folder, configs=()).snakemake(*arguments)


def other(study: Project, change: dict[str, Any] | None = None) -> Project:
    """The same experiments under the same names as another study, perhaps with other values."""
    text = (study.folder / TINY).read_text(encoding="utf-8")
    (study.folder / OTHER).write_text(text, encoding="utf-8")
    project = Project(study.folder, configs=(OTHER,))
    project.edit(lambda config: config["recipe"].update(change or {}), OTHER)
    return project


def test_equal_runs_are_shared_and_tables_are_not(study: Project) -> None:
    second = other(study)
    assert second.plan() == COMPARISON | {"show_rungs"}
    before = contents(study.study_folder)
    second.run()
    assert contents(study.study_folder) == before
    assert {row["study"] for row in rows(second.study_folder / "summary.csv")} == {"other"}
    # The latest one's, which says whose it is.
    assert {row["study"] for row in rows(study.folder / "results/summary.csv")} == {"other"}
    assert {row["data_set"] for row in rows(study.folder / "results/summary.csv")} == {"demo"}
    assert study.plan() == LATEST
    study.run()
    assert {row["study"] for row in rows(study.folder / "results/summary.csv")} == {"tiny"}


def test_other_values_under_the_same_name_lie_apart(study: Project) -> None:
    second = other(study, {"label_smoothing": 0.1})
    assert second.plan() == {*whole(*RUNS), *COMPARISON}
    assert not set(second.experiments()) & set(study.experiments())
    before = contents(study.folder / "results")
    second.run("results/summary.csv")
    after = contents(study.folder / "results")
    changed = {name for name, content in before.items() if after[name] != content}
    # Both, so that they are of one study.
    assert changed - {"answer.md"} == {"summary.csv"}
    for name in ("summary.csv", "answer.md"):
        latest = study.folder / "results" / name
        assert latest.read_bytes() == (second.study_folder / name).read_bytes()
    # The page was not asked for, and is this study's still.
    assert study.plan() == LATEST - {"latest_report"}


def test_touching_after_another_study_blesses_no_table_of_it(study: Project) -> None:
    own = (study.folder / "results/summary.csv").read_bytes()
    other(study).run()
    assert (study.folder / "results/summary.csv").read_bytes() != own
    output = study.run("--touch")
    assert "results/summary.csv was another study's: a copy of" in output
    assert (study.folder / "results/summary.csv").read_bytes() == own
    assert study.plan() == set()


def test_a_part_of_a_study_by_name_and_pattern(study: Project) -> None:
    part = ("--config", "only=alexnet-*,rung-none")
    names = ["rung-none", "alexnet-original", "alexnet-fewer_layers"]
    plan = study.plan(*part)
    assert {job for job in plan if job.split()[0] in ("train", "evaluate", "latest")} == set()
    study.run(*part)
    (where,) = study.folder.glob("results/comparison/demo/tiny-part-*")
    table = rows(where / "summary.csv")
    assert [row["experiment"] for row in table] == names
    assert study.plan() == set()


@pytest.mark.parametrize("word", ["only=rung-normalize", "only=[rung-normalize]", "only=rung-no[!n]*"])
def test_one_experiment_alone(fresh: Project, word: str) -> None:
    trained = {job for job in fresh.plan("--config", word) if job.startswith("train ")}
    assert trained == {"train rung-normalize 0"}


def test_a_smoke_test_runs_every_step_apart(study: Project) -> None:
    before = contents(study.folder / "results"), contents(study.folder / "resources")
    smoke = ("--config", "smoke=true")
    plan = study.plan(*smoke)
    assert {job.split()[0] for job in plan} >= {"index", "pack", "pretrain", "train", "evaluate", "compare"}
    assert not {"draw", "latest"} & {job.split()[0] for job in plan}
    output = study.run(*smoke)
    assert "Done: every step works on demo" in output
    assert "Mind:" not in output
    after = contents(study.folder / "results"), contents(study.folder / "resources")
    for then, now in zip(before, after, strict=True):
        assert {name: now[name] for name in then} == then
    assert study.plan() == set()
    assert study.plan(*smoke) == set()
    table = rows(study.folder / "results/comparison/demo-smoke/tiny/summary.csv")
    assert {row["epochs"] for row in table} == {"1"}


@pytest.mark.parametrize(
    "words",
    [
        ["-n", "--config", f"study={TINY}"],
        ["results/summary.csv", "-n", "--config", f"study={TINY}"],
        ["-n", "--config", f"study={TINY}", "--", "results/summary.csv"],
        ["-n", "--configfile", TINY],
    ],
)
def test_a_study_by_its_name_is_the_one_of_its_file(study: Project, words: list[str]) -> None:
    done = first_words(study, *words)
    assert done.returncode == 0, done.stderr
    assert "Nothing to be done" in done.stdout + done.stderr


def test_a_study_in_the_folder_of_studies(study: Project) -> None:
    other(study)
    for words in (["--config", "study=other"], ["--configfile", OTHER]):
        done = first_words(study, "-n", "results/comparison/demo/other/summary.csv", *words)
        assert done.returncode == 0, done.stderr
        assert "collect" in done.stdout + done.stderr
        assert "train" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--config", "study=othr"], "did you mean"),
        (["--config", "study=other", "results/summary.csv"], "-- results/summary.csv"),
        (["--config", "only=alexnett*"], "no known pattern of experiments"),
        (["--config", "smoke=perhaps"], "smoke is 'perhaps'"),
    ],
)
def test_mistakes_are_told_in_one_line(study: Project, words: list[str], told: str) -> None:
    other(study)
    done = first_words(study, "-n", *words)
    assert done.returncode != 0
    lines = [line for line in (done.stdout + done.stderr).splitlines() if told in line]
    assert len(lines) == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_experiments_are_found_by_name(study: Project) -> None:
    link = study.study_folder / "runs/rung-none/seed0"
    assert link.resolve() == (study.folder / study.run_of("rung-none")).resolve()
    command = [sys.executable, "workflow/scripts/end.py", "rung-none"]
    done = subprocess.run(command, cwd=study.folder, capture_output=True, text=True, check=False)
    assert "nothing trains now in this folder" in done.stderr
    assert Path(link, "history.csv").is_file()
