"""What a study has: `snakemake list` and `make list`."""

from __future__ import annotations

import os
import subprocess

from project import SINGLE, TINY, Project

from ablation.chain import listing

ONE = "One alone   "


def test_a_list_makes_nothing_and_its_command_works(fresh: Project) -> None:
    assert fresh.plan("list") == {"list"}
    done = fresh.snakemake("list", "--quiet", "all")
    assert done.returncode == 0, done.stderr
    first, empty, head, *rows, last, command = done.stdout.splitlines()
    assert first == (
        "tiny on demo: 4 experiments, 4 runs: results/comparison/demo/tiny/runs/<experiment>/seed<k>"
    )
    assert (empty, last) == ("", "")
    assert tuple(head.split()) == listing.HEADER
    names = [row.split()[0] for row in rows]
    assert names == ["rung-none", "rung-normalize", "alexnet-original", "alexnet-fewer_layers"]
    assert not (fresh.folder / "results/runs").exists()
    assert not (fresh.folder / "resources").exists()
    # Every name that it says is that of an experiment, and so is the command's.
    assert command == f"{ONE}snakemake --configfile {TINY} --config only=rung-none"
    for name in names:
        trained = [job for job in fresh.plan("--config", f"only={name}") if job.startswith("train ")]
        assert trained == [f"train {name} 0"]


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
    assert first == (
        "default on demo: 18 experiments, 18 runs: results/comparison/demo/default/runs/<experiment>/seed<k>"
    )
    assert last == f"{ONE}.venv/bin/snakemake --config only=alexnet-none"
    assert len(done.stdout.splitlines()) == 18 + 5
    assert len(done.stderr.splitlines()) <= 1


def test_another_study_is_listed_with_its_command(fresh: Project) -> None:
    project = Project(fresh.folder, configs=(TINY, SINGLE))
    last = project.snakemake("list", "--quiet", "all").stdout.splitlines()[-1]
    assert last == f"{ONE}snakemake --configfile {TINY} {SINGLE} --config only=one"
