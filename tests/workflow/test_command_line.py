"""The command as people type it: what does not work says in one line what does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from project import TINY, Project

REFUSED = {
    "no cores": (["--cores", "0"], "--cores is 0: write how many may be used, from 1 on"),
    "fewer than none": (["--cores", "-1"], "--cores is -1: write how many may be used, from 1 on"),
    "no jobs": (["--jobs", "0"], "--jobs is 0: write how many may be used, from 1 on"),
    "a target behind a configuration": (
        ["--configfile", TINY, "results/summary.csv"],
        f"write -- before it: snakemake -n --configfile {TINY} -- results/summary.csv",
    ),
    "a target behind a value": (
        ["--config", "seeds=2", "results/summary.csv"],
        "write -- before it: snakemake -n --config seeds=2 -- results/summary.csv",
    ),
    "an empty overlay": (
        ["--configfile", "empty.yaml"],
        "error: --configfile empty.yaml is empty: write keys",
    ),
    "a missing overlay": (["--configfile", "studies/gird.yaml"], "there is no such file in "),
    "no YAML": (["--configfile", "broken.yaml"], "error: --configfile broken.yaml is no YAML (line 2: "),
    "a recipe's key": (["--config", "epochs=1"], "behind --config recipe='{epochs: 1}'; "),
    "a key with dots": (["--config", "recipe.epochs=1"], "write --config recipe='{epochs: 1}'"),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_one_line(fresh: Project, mistake: str) -> None:
    arguments, expected = REFUSED[mistake]
    (fresh.folder / "empty.yaml").write_text("# dataset: demo\n", encoding="utf-8")
    (fresh.folder / "broken.yaml").write_text("seeds: [0\n", encoding="utf-8")
    done = replace(fresh, configs=()).snakemake("-n", *arguments)
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if not line.startswith(("Using", "Config"))]
    assert len(told) == 1, done.stderr
    assert expected in told[0]


@pytest.mark.parametrize(
    ("entry", "trainings"),
    [("seeds=3", 12), ("seeds=[0,1,2]", 12), ("seeds=[5, 7]", 8), ("recipe={epochs: 1, patience: 1}", 4)],
)
def test_values_do_what_they_say(fresh: Project, entry: str, trainings: int) -> None:
    plan = fresh.plan("--config", entry)
    assert len([job for job in plan if job.startswith("train ")]) == trainings


def test_a_target_behind_two_dashes(fresh: Project) -> None:
    done = replace(fresh, configs=()).snakemake("-n", "--configfile", TINY, "--", "results/summary.csv")
    assert done.returncode == 0, done.stderr
    assert "latest: not made yet" in done.stdout
    assert "evaluate" not in done.stdout
