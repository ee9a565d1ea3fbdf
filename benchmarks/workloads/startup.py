"""What does not train: planning many runs, finding nothing to do, a training outside its epochs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import yaml

from ablation.spec import Spec
from commands import in_turns, repeated, timed
from copies import ROOT, overlay, project, snakemake
from results import CORES, Row, compared
from sizes import SIZES

RUNS = SIZES.rates * SIZES.seeds
# As many rules a run as ours, with one input and one output each and nothing else.
BARE = f"""
rule all:
    input: expand("b/{{n}}", n=range({RUNS}))
rule a:
    input: "source"
    output: "a/{{n}}"
    shell: "touch {{output}}"
rule b:
    input: "a/{{n}}"
    output: "b/{{n}}"
    shell: "touch {{output}}"
"""


def measure(folder: Path, _given: Path | None) -> Iterator[Row]:
    """All on one copy of the program."""
    folder.mkdir()
    own = project(folder / "project")
    yield from planning(own, folder)
    config = tiny_study(folder)
    study = snakemake(own, "--cores", "all", "--configfile", config)
    timed(study, own, folder / "study.log")
    nothing = repeated(partial(timed, study, own, folder / "nothing.log"))
    yield Row.of("find nothing to do in a finished study", "ours", "s", nothing, None)
    outside = repeated(partial(outside_epochs, own, folder))
    yield Row.of("a training outside its epochs (GoogLeNet)", "ours", "s", outside, None)


def planning(own: Path, folder: Path) -> list[Row]:
    """Plan many runs, beside a Snakefile of as many rules a run that does nothing else."""
    many = overlay(
        folder / "many.yaml",
        seeds=list(range(SIZES.seeds)),
        experiments=[
            {
                "backbone": "googlenet",
                "optimizer": "adamw",
                "augmentation": "normalize",
                "learning_rate": [round(0.0001 * step, 4) for step in range(1, SIZES.rates + 1)],
            }
        ],
    )
    bare = folder / "bare"
    bare.mkdir()
    (bare / "Snakefile").write_text(BARE, encoding="utf-8")
    (bare / "source").touch()
    commands = {
        "ours": snakemake(own, "-n", "--quiet", "--configfile", many),
        "a bare Snakefile": snakemake(bare, "-n", "--quiet"),
    }
    log = folder / "plan.log"
    subjects = {name: partial(timed, command, folder, log) for name, command in commands.items()}
    workload = f"plan {RUNS:,} runs (snakemake -n --quiet)"
    rows = [Row.of(workload, name, "s", turns, None) for name, turns in in_turns(subjects).items()]
    return compared(rows, "ours")


def tiny_study(folder: Path) -> Path:
    """Return the configuration of the tests' tiny study."""
    config = yaml.safe_load((ROOT / "tests/workflow/tiny.yaml").read_text(encoding="utf-8"))
    if SIZES.tiny_study is not None:
        config["experiments"] = SIZES.tiny_study
    return overlay(folder / "tiny.yaml", **config)


def outside_epochs(own: Path, folder: Path) -> float:
    """Train a run of the tiny study again; return the seconds that were no epoch's."""
    run = own / "results/comparison/demo/tiny/runs/rung-none/seed0"
    spec = Spec.from_json((run / "spec.json").read_text(encoding="utf-8"))
    command = [sys.executable, str(own / "workflow/scripts/train.py"), "--run", str(folder / "run")]
    command += ["--spec", replace(spec, threads=CORES).to_json()]
    command += ["--pack", str(own / "resources/packs/demo/64px")]
    command += ["--weights", str(next((own / "resources/weights/drawn").glob("googlenet-*.safetensors")))]
    seconds = timed(command, folder, folder / "train.log")
    record = json.loads((folder / "run/record.json").read_text(encoding="utf-8"))
    shutil.rmtree(folder / "run")
    outside: float = seconds - record["train_seconds"]
    return outside
