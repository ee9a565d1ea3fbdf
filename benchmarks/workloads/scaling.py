"""Planning and comparing studies of growing size; a stand-in takes the place of their trainings."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PIL import Image

import grid
from ablation.chain import paths, reproduction
from ablation.results.figures.study import applicable
from ablation.study.study import Study
from commands import repeated, timed, watched
from copies import overlay, project, snakemake
from results import Row
from sizes import SIZES


def measure(folder: Path, _given: Path | None) -> Iterator[Row]:
    """Each size in a copy of the program of its own."""
    folder.mkdir()
    for runs in SIZES.grids:
        own = project(folder / f"project{runs}")
        config = overlay(folder / "grid.yaml", **grid.overlay(runs))
        given = ("--configfile", config, "--quiet")
        packed = "resources/packs/demo/64px"
        made = (f"{packed}/photos.npy", paths.CHECK.format(dataset="demo"))
        timed(snakemake(own, "--cores", "1", *made, *given), own, folder / "pack.log")
        plan = snakemake(own, "-n", *given)
        yield row(f"plan {runs:,} runs", repeated(partial(watched, plan, own, folder / "plan.log")))
        study = grid.write(own, config, own / packed)
        yield row(f"compare {runs:,} runs", repeated(partial(compare, own, study, folder)))
        timed(snakemake(own, "--touch", "--cores", "1", *given), own, folder / "touch.log")
        nothing, log = snakemake(own, "--cores", "1", *given), folder / "nothing.log"
        turns = repeated(partial(watched, nothing, own, log))
        if "Nothing to be done" not in log.read_text(encoding="utf-8"):
            sys.exit(f"something was done in a finished study:\n{log.read_text(encoding='utf-8')}")
        yield row(f"find nothing to do in {runs:,} runs", turns)
        shutil.rmtree(own)


def compare(own: Path, study: Study, folder: Path) -> tuple[float, float]:
    """Make the tables and figures of a study; return the seconds of all steps and the MiB of the largest."""
    scripts, comparison = own / "workflow/scripts", own / "results/comparison/demo/grid"
    runs, summary = comparison / "runs.csv", comparison / "summary.csv"
    manifest = own / "resources/datasets/demo/manifest.csv"
    comparisons, outcomes = comparison / "comparisons.csv", comparison / "outcomes.npz"
    table, families = study.table(), study.families()
    # Each step's words, and what it reads from its standard input.
    steps: list[tuple[str, list[str | Path]]] = [
        (
            table,
            ["collect.py", "--runs", own / "results/runs/demo", "--manifest", manifest, "--output", runs],
        ),
        (families, ["summarize.py", "--runs", runs, "--output", summary, "--comparisons", comparisons]),
        (
            "",
            [
                *("answer.py", "--summary", summary, "--comparisons", comparisons),
                *("--output", comparison / "answer.md"),
            ],
        ),
        (
            "",
            [
                *("find.py", "--runs", runs, "--outcomes", outcomes, "--published", "--weights", "none"),
                *("--output", comparison / "findings.csv"),
            ],
        ),
        ("", ["suspect.py", "--outcomes", outcomes, "--output", comparison / "suspects.csv"]),
    ]
    first = next(iter(study.experiments.values())).spec
    pack = (own / paths.packed(study.dataset.name, first)).parent
    reads: dict[str, list[str | Path]] = {
        "grid": ["--grid", *study.grid()],
        "comparisons": ["--comparisons", comparisons],
        "suspects": ["--suspects", comparison / "suspects.csv", "--pack", pack],
    }
    figures = applicable(study.varied(), len(study.experiments))
    for figure in figures:
        output = ["--output", comparison / f"{figure}.png"]
        if figure == "rungs":
            steps += [(study.rungs(), ["rungs.py", "--pack", pack, *output])]
        else:
            words = ["compare.py", "--summary", summary, "--figure", figure, *reads.get(figure, [])]
            steps += [(families, [*words, *output])]
    page = comparison / "report.html"
    told = reproduction.described(study, [], [], figures)
    steps += [
        (
            told,
            [
                *("report.py", "--comparison", comparison, "--runs", own / "results/runs/demo"),
                *("--logs", own / "logs/train/demo", "--card", own / "results/data/demo"),
                *("--graph", scripts / "ablation/results/report/graph.svg", "--output", page),
            ],
        )
    ]
    turns = [
        watched(
            [sys.executable, str(scripts / name), *map(str, rest)],
            own,
            folder / "compare.log",
            given,
        )
        for given, (name, *rest) in steps
    ]
    # No network is there to be explained.
    Image.new("RGB", (720, 540)).save(comparison / paths.ACTIVATIONS)
    for latest in (summary, comparison / "answer.md", page):
        shutil.copy(latest, own / "results")
    return sum(seconds for seconds, _ in turns), max(mib for _, mib in turns)


def row(workload: str, turns: list[tuple[float, float]]) -> Row:
    """Return the row of ours from seconds and MiB."""
    return Row.of(workload, "ours", "s", [seconds for seconds, _ in turns], max(mib for _, mib in turns))
