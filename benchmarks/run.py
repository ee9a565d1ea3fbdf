"""Measure this program against a script written by hand, its peers and the limit of the hardware.

Prints a table and writes the same to results.csv and results.md; README.md says what is measured, and how.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import torch
import yaml

import grid
import photos
import results
import workers
from ablation.photos import indexing, manifest
from ablation.photos import packing as photo_packing
from ablation.spec import Spec
from results import CORES, Row, compared

HERE = Path(__file__).parent
ROOT = HERE.parent
REPETITIONS = 3
# Photos of an epoch, so many that one of the report-style script takes some ten seconds or more.
THROUGHPUT = {"googlenet": 256, "resnet50": 128, "alexnet": 512}
PACKED = (2_000, 6_000, 20_000)
RUNS = 1_000
GRIDS = (100, 1_000, 5_000)
EPOCHS = 5
REPORT_PHOTOS = 2_190
REPORT_EPOCHS = 40


# --- training ---------------------------------------------------------------------------------------


def turn(worker: str, backbone: str, folder: Path, processes: int, threads: int) -> tuple[float, float]:
    """Train an epoch in so many processes at once; return the images a second of all, and MiB of all."""
    command = [sys.executable, str(HERE / "workers.py"), worker]
    command += ["--backbone", backbone, "--folder", str(folder), "--threads", str(threads)]
    env = os.environ | {"OMP_NUM_THREADS": str(threads)}
    started = [
        subprocess.Popen(command, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(processes)
    ]
    if any(one.stdout.readline() != "ready\n" for one in started if one.stdout):
        sys.exit(f"{' '.join(command)} ended early")
    for one in started:
        if one.stdin:
            one.stdin.write("\n")
            one.stdin.flush()
    told = [json.loads(one.stdout.readline()) for one in started if one.stdout]
    for one in started:
        one.communicate()
    return sum(each["images_per_second"] for each in told), sum(each["mib"] for each in told)


def repeated(once: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Call a function again and again; return what it returned, but for the first call, a warm-up."""
    return [once(*arguments) for _ in range(1 + REPETITIONS)][1:]


def answer(command: list[str]) -> dict[str, Any]:
    """Return the JSON object that a command prints."""
    told: dict[str, Any] = json.loads(subprocess.check_output(command, text=True))
    return told


def counted(count: int, what: str) -> str:
    """Return a number of things in words: 1 thread, 2 threads."""
    return f"{count} {what}" + "s" * (count != 1)


def throughput(folder: Path, given: Path | None) -> Iterator[Row]:
    """Training images a second: in turns, so that whatever else the machine does meets all of them."""
    root = photos.source(given, folder)
    for backbone, count in THROUGHPUT.items():
        own = folder / backbone
        photos.arrange(root, own, count)
        photos.packed(own, 224)
        # As many trainings at once as there are cores, and one wide one; a GPU takes one at a time.
        ways = [(1, CORES)] if torch.cuda.is_available() else [(CORES, 1), (1, CORES)]
        ours = {way: f"ours, {counted(way[0], 'training')} of {counted(way[1], 'thread')}" for way in ways}
        ceiling = {way: f"ceiling, {way[0]} of {counted(way[1], 'thread')}" for way in ways}
        subjects = {name: ("ours", *way) for way, name in ours.items()}
        subjects |= {name: ("ceiling", *way) for way, name in ceiling.items()}
        subjects["report-style script"] = ("report", 1, CORES)
        turns = [
            {name: turn(kind, backbone, own, *how) for name, (kind, *how) in subjects.items()}
            for _ in range(REPETITIONS)
        ]
        workload = f"train {backbone}, 224 px, batch 64"
        rows = [
            Row.of(
                workload,
                name,
                "images/s",
                [each[name][0] for each in turns],
                max(each[name][1] for each in turns),
            )
            for name in subjects
        ]
        compared(rows, ours[ways[0]])
        # A ceiling is that of the same processes and threads.
        medians = {row.subject: row.median for row in rows}
        for row in rows:
            if row.subject == ceiling[1, CORES]:
                row.ours_faster = medians[ours[1, CORES]] / row.median
        yield from rows


# --- a whole short run ------------------------------------------------------------------------------


def project(folder: Path) -> Path:
    """Return a copy of the program without results, as in a fresh clone."""
    made = shutil.ignore_patterns("results", "resources", "logs", "benchmarks", "tests", ".*")
    caches = shutil.ignore_patterns("__pycache__")

    def left_out(where: str, names: list[str]) -> set[str]:
        """Only at the top: the library has a package of the name of a folder."""
        return set(made(where, names)) if Path(where) == ROOT else set(caches(where, names))

    shutil.copytree(ROOT, folder, ignore=left_out)
    return folder


def overlay(path: Path, **values: object) -> Path:
    """Write a configuration to lay over config.yaml."""
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def snakemake(folder: Path, *arguments: str | Path) -> list[str]:
    """Return a command that runs a copy of the program."""
    at = ["--directory", str(folder), "--snakefile", str(folder / "Snakefile")]
    return [sys.executable, "-m", "snakemake", *at, *map(str, arguments)]


def timed(command: list[str], cwd: Path, log: Path) -> float:
    """Return the seconds that a command takes from its start to its end."""
    return watched(command, cwd, log)[0]


def watched(command: list[str], cwd: Path, log: Path, text: str = "") -> tuple[float, float]:
    """Return the seconds that a command takes, and the most memory of its largest process in MiB.

    `text` is its standard input.
    """
    watch = [sys.executable, "-S", str(HERE / "watch.py"), str(log), *command]
    started = time.perf_counter()
    done = subprocess.run(watch, cwd=cwd, input=text, stdout=subprocess.PIPE, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}: see {log}")
    return seconds, float(done.stdout)


def short_run(folder: Path, given: Path | None) -> Iterator[Row]:
    """GoogLeNet from random weights: from photos to a validated network, start-up included."""
    folder.mkdir()
    # Whole batches, because fastai leaves out a last one that is not full.
    photos.arrange(photos.source(given, folder), folder, 128)
    classes = folder / "photos"
    config = overlay(
        folder / "short.yaml",
        dataset=str(classes),
        weights="none",
        recipe={"image_size": 224, "batch_size": 64, "epochs": EPOCHS, "patience": EPOCHS},
        experiments=[
            {"name": "googlenet", "backbone": "googlenet", "optimizer": "adamw", "augmentation": "normalize"}
        ],
    )

    def study() -> float:
        """Everything, with its figures and tables."""
        shutil.rmtree(folder / "project", ignore_errors=True)
        own = project(folder / "project")
        return timed(snakemake(own, "--cores", "all", "--configfile", config), own, folder / "study.log")

    def run() -> float:
        """The steps of one run, as plain Python."""
        shutil.rmtree(folder / "steps", ignore_errors=True)
        script, steps = ROOT / "workflow/scripts", folder / "steps"
        recipe = workers.spec("googlenet", EPOCHS).to_json()
        index = f"index.py --photos {classes} --train-fraction 0.7 --seed 0 --output {steps}/manifest.csv"
        packed = (
            f"pack.py --photos {classes} --manifest {steps}/manifest.csv --size 224 --output {steps}/pack"
        )
        trained = f"train.py --pack {steps}/pack --run {steps}/run --spec {shlex.quote(recipe)}"
        chain = " && ".join(f"{sys.executable} {script}/{step}" for step in (index, packed, trained))
        return timed(["sh", "-c", chain], folder, folder / "run.log")

    def peer(name: str) -> Callable[[], float]:
        command = [sys.executable, str(HERE / f"peers/{name}_run.py"), str(classes), str(EPOCHS)]
        return lambda: timed(command, folder, folder / f"{name}.log")

    subjects = {"ours": run, "ours, a study with figures": study}
    subjects |= {name: peer(name) for name in ("fastai", "lightning", "ultralytics")}
    for warm_up in subjects.values():
        warm_up()
    turns = [{name: once() for name, once in subjects.items()} for _ in range(REPETITIONS)]
    workload = f"photos to network: GoogLeNet, {EPOCHS} epochs"
    rows = [Row.of(workload, name, "s", [turn[name] for turn in turns], None) for name in subjects]
    yield from compared(rows, "ours")


# --- packing ----------------------------------------------------------------------------------------


def packing(folder: Path, _given: Path | None) -> Iterator[Row]:
    """Photos decoded once to 224 pixels."""
    for count in PACKED:
        own = folder / str(count)
        photos.generate(own / "photos", count, 10)
        manifest.write(indexing.build(own / "photos", 0.7, 0), own / "manifest.csv")
        command = [
            sys.executable,
            str(HERE / "packing.py"),
            *map(str, (own / "photos", own / "manifest.csv", own / "pack")),
        ]
        told = repeated(answer, command)
        shutil.rmtree(own)
        mib = max(each["mib"] for each in told)
        yield Row.of(
            f"pack {count:,} photos of 640 x 480", "ours", "s", [each["seconds"] for each in told], mib
        )


def large_pack(folder: Path, _given: Path | None) -> Iterator[Row]:
    """Training from a pack larger than the memory."""
    folder.mkdir()
    gib = 1.15 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    command = [sys.executable, str(HERE / "large_pack.py"), str(folder), str(gib)]
    # No warm-up: a pack larger than the memory does not stay there.
    told = [answer(command) for _ in range(REPETITIONS)]
    workload = f"train one layer from a pack of {told[0]['pack_mib'] / 1024:.0f} GiB"
    values = [each["images_per_second"] for each in told]
    resident = max(each["resident_mib"] for each in told)
    yield Row.of(workload, "ours, memory of its own", "images/s", values, max(each["mib"] for each in told))
    yield Row.of(workload, "ours, with the pack's pages", "images/s", values, resident)


# --- start-up ---------------------------------------------------------------------------------------


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


def startup(folder: Path, _given: Path | None) -> Iterator[Row]:
    """What does not train: a job outside its epochs, planning many runs, finding nothing to do."""
    folder.mkdir()
    own = project(folder / "project")
    many = overlay(
        folder / "many.yaml",
        seeds=list(range(RUNS // 100)),
        experiments=[
            {
                "backbone": "googlenet",
                "optimizer": "adamw",
                "augmentation": "normalize",
                "learning_rate": [round(0.0001 * step, 4) for step in range(1, 101)],
            }
        ],
    )
    bare = folder / "bare"
    bare.mkdir()
    (bare / "Snakefile").write_text(BARE, encoding="utf-8")
    (bare / "source").touch()
    subjects = {
        "ours": snakemake(own, "-n", "--quiet", "--configfile", many),
        "a bare Snakefile": snakemake(bare, "-n", "--quiet"),
    }
    turns = [
        {name: timed(command, folder, folder / "plan.log") for name, command in subjects.items()}
        for _ in range(1 + REPETITIONS)
    ][1:]
    workload = f"plan {RUNS:,} runs (snakemake -n --quiet)"
    rows = [Row.of(workload, name, "s", [turn[name] for turn in turns], None) for name in subjects]
    yield from compared(rows, "ours")
    tiny = ROOT / "tests/workflow/tiny.yaml"
    timed(snakemake(own, "--cores", "all", "--configfile", tiny), own, folder / "study.log")
    nothing = snakemake(own, "--cores", "all", "--configfile", tiny)
    yield measured("find nothing to do in a finished study", nothing, own, folder)
    outside = []
    run = own / "results/runs/demo/rung-none/seed0"
    command = [sys.executable, str(own / "workflow/scripts/train.py"), "--threads", str(CORES)]
    command += ["--spec", (run / "spec.json").read_text(encoding="utf-8"), "--run", str(folder / "run")]
    command += ["--pack", str(own / "resources/packs/demo/64px")]
    command += ["--weights", str(own / "resources/weights/drawn/googlenet.safetensors")]
    for _ in range(REPETITIONS + 1):
        seconds = timed(command, folder, folder / "train.log")
        record = json.loads((folder / "run/record.json").read_text(encoding="utf-8"))
        outside.append(seconds - record["train_seconds"])
        shutil.rmtree(folder / "run")
    yield Row.of("a training outside its epochs (GoogLeNet)", "ours", "s", outside[1:], None)


def measured(workload: str, command: list[str], own: Path, folder: Path) -> Row:
    """Return the row of a command that is timed again and again."""
    return Row.of(workload, "ours", "s", repeated(timed, command, own, folder / "command.log"), None)


# --- many runs --------------------------------------------------------------------------------------


def scaling(folder: Path, _given: Path | None) -> Iterator[Row]:
    """Planning and comparing studies of growing size; a stand-in takes the place of the trainings."""
    folder.mkdir()
    for runs in GRIDS:
        own = project(folder / f"project{runs}")
        config = overlay(folder / "grid.yaml", **grid.overlay(runs))
        given = ("--configfile", config, "--quiet")
        packed = "resources/packs/demo/64px"
        timed(snakemake(own, "--cores", "1", f"{packed}/photos.npy", *given), own, folder / "pack.log")
        plan = snakemake(own, "-n", *given)
        plans = repeated(watched, plan, own, folder / "plan.log")
        yield from_turns(f"plan {runs:,} runs", plans)
        table = grid.write(own, config, own / packed).table()
        yield from_turns(f"compare {runs:,} runs", repeated(compare, own, table, folder))
        timed(snakemake(own, "--touch", "--cores", "1", *given), own, folder / "touch.log")
        nothing = snakemake(own, "--cores", "1", *given)
        turns = repeated(watched, nothing, own, folder / "nothing.log")
        if "Nothing to be done" not in (folder / "nothing.log").read_text(encoding="utf-8"):
            sys.exit(f"something was done in a finished study: see {folder}/nothing.log")
        yield from_turns(f"find nothing to do in {runs:,} runs", turns)
        shutil.rmtree(own)


def compare(own: Path, table: str, folder: Path) -> tuple[float, float]:
    """Make the tables and figures of a study; return the seconds of all steps and the MiB of the largest."""
    scripts, comparison = own / "workflow/scripts", own / "results/comparison/demo"
    runs, summary = comparison / "runs.csv", comparison / "summary.csv"
    steps: list[list[str | Path]] = [["collect.py", "--runs", own / "results/runs/demo", "--output", runs]]
    steps += [["summarize.py", "--runs", runs, "--output", summary]]
    for figure in ("augmentations", "backbones"):
        steps += [
            ["compare.py", "--runs", runs, "--figure", figure, "--output", comparison / f"{figure}.png"]
        ]
    turns = [
        watched([sys.executable, str(scripts / name), *map(str, rest)], own, folder / "compare.log", table)
        for name, *rest in steps
    ]
    shutil.copy(summary, own / "results")
    return sum(seconds for seconds, _ in turns), max(mib for _, mib in turns)


def from_turns(workload: str, turns: list[tuple[float, float]]) -> Row:
    """Return the row of ours from seconds and MiB."""
    return Row.of(workload, "ours", "s", [seconds for seconds, _ in turns], max(mib for _, mib in turns))


# --- the report's study on a GPU ---------------------------------------------------------------------


def report_specs() -> dict[str, Spec]:
    """Return the report's experiments, from random weights and with a fixed number of epochs."""
    from ablation.study import study

    texts = ((ROOT / name).read_text(encoding="utf-8") for name in ("config.yaml", "studies/orchids.yaml"))
    config = grid.merged(*map(yaml.safe_load, texts))
    config["recipe"] |= {"epochs": REPORT_EPOCHS, "patience": REPORT_EPOCHS}
    config |= {"weights": "none", "dataset": "demo"}
    found = study.load(config, ROOT / "workflow/schemas/config.schema.yaml")
    return {name: experiment.run_spec(0) for name, experiment in found.experiments.items()}


def gpu(folder: Path, _given: Path | None) -> Iterator[Row]:
    """The report's experiments on as many photos as it had, one after the other, start-up included."""
    if not torch.cuda.is_available():
        print("gpu: there is no GPU here, so nothing is measured")
        return
    photos.generate(folder / "photos", REPORT_PHOTOS, REPORT_PHOTOS // 10)
    manifest.write(indexing.build(folder / "photos", 0.7, 0), folder / "manifest.csv")
    photo_packing.build(folder / "photos", folder / "manifest.csv", 224, folder / "pack")
    total, epochs = 0.0, []
    for name, spec in report_specs().items():
        command = [sys.executable, str(ROOT / "workflow/scripts/train.py"), "--spec", spec.to_json()]
        command += ["--pack", str(folder / "pack"), "--run", str(folder / name)]
        total += timed(command, folder, folder / f"{name}.log")
        with (folder / name / "history.csv").open(encoding="utf-8") as file:
            history = list(csv.DictReader(file))
        if spec.backbone == "googlenet":
            epochs = [float(row["train_seconds"]) + float(row["val_seconds"]) for row in history[1:]]
        shutil.rmtree(folder / name)
    yield Row.of("an epoch of GoogLeNet, 1533 and 657 photos", "ours", "s", epochs, None)
    yield Row.of(f"the report's 17 experiments, {REPORT_EPOCHS} epochs", "ours", "s", [total], None)


# --- all of them -----------------------------------------------------------------------------------

WORKLOADS: dict[str, Callable[[Path, Path | None], Iterator[Row]]] = {
    "throughput": throughput,
    "short_run": short_run,
    "packing": packing,
    "large_pack": large_pack,
    "startup": startup,
    "scaling": scaling,
    "gpu": gpu,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder or archive to measure on; else drawn photos")
    parser.add_argument(
        "workloads", nargs="*", metavar="workload", help=f"of {', '.join(WORKLOADS)}; else all"
    )
    args = parser.parse_args()
    if unknown := set(args.workloads) - set(WORKLOADS):
        parser.error(f"no workload {', '.join(unknown)}; one of: {', '.join(WORKLOADS)}")
    about = "; ".join((results.machine(), results.versions(), str(date.today())))
    print(about.replace("; ", "\n"), flush=True)
    print(f"{'':122} ours is faster by, memory")
    for name in args.workloads or WORKLOADS:
        rows = []
        with tempfile.TemporaryDirectory() as folder:
            for row in WORKLOADS[name](Path(folder, name), args.photos):
                row.benchmark, row.about = name, about
                rows.append(row)
                print(results.line(row), flush=True)
        # After each, and beside those of the others, so that a long measurement need not end.
        results.replace(rows, list(WORKLOADS))


if __name__ == "__main__":
    main()
