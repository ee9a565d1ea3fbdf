"""What a study has: `snakemake list` and `make list`."""

from __future__ import annotations

import os
import subprocess

from project import SINGLE, TINY, Project

from ablation.chain import listing

ONE = "One run     "


def test_a_list_makes_nothing_and_its_command_works(fresh: Project) -> None:
    assert fresh.plan("list") == {"list"}
    done = fresh.snakemake("list", "--quiet", "all")
    assert done.returncode == 0, done.stderr
    first, empty, head, *rows, last, command = done.stdout.splitlines()
    assert first == "demo: 4 experiments, 4 runs: results/runs/demo/<experiment>/seed<k>"
    assert (empty, last) == ("", "")
    assert tuple(head.split()) == listing.HEADER
    assert [row.split()[0] for row in rows] == [
        *("rung-none", "rung-normalize", "alexnet-original", "alexnet-fewer_layers")
    ]
    assert not (fresh.folder / "results/runs").exists()
    assert not (fresh.folder / "resources").exists()
    # Every name that it says is that of a run, and so is the command's.
    assert command.startswith(ONE)
    target = command.split()[3]
    assert target == "results/runs/demo/rung-none/seed0/predictions.csv"
    assert "train rung-none 0" in (jobs := fresh.plan(target))
    assert "train rung-normalize 0" not in jobs
    for row in rows:
        name, seed = row.split()[0], row.split()[-1]
        assert f"train {name} {seed}" in fresh.plan(f"results/runs/demo/{name}/seed{seed}/predictions.csv")


def test_a_list_is_no_reason_to_run(study: Project) -> None:
    assert study.plan("list", "all") == {"list"}


def test_make_lists_and_says_little_else(fresh: Project) -> None:
    fresh.pretend_environment()
    env = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    done = subprocess.run(
        ["make", "list"], cwd=fresh.folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    first, *_, last = done.stdout.splitlines()
    assert first == "demo: 18 experiments, 18 runs: results/runs/demo/<experiment>/seed<k>"
    assert last == f"{ONE}.venv/bin/snakemake results/runs/demo/alexnet-none/seed0/predictions.csv"
    assert len(done.stdout.splitlines()) == 18 + 5
    assert len(done.stderr.splitlines()) <= 1


def test_another_study_is_listed_with_its_command(fresh: Project) -> None:
    project = Project(fresh.folder, configs=(TINY, SINGLE))
    last = project.snakemake("list", "--quiet", "all").stdout.splitlines()[-1]
    assert last.endswith(f"/seed0/predictions.csv --configfile {TINY} {SINGLE}")
