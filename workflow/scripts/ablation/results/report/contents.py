"""What a study's page says, read from the files that the study left."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

from ablation.results import columns, comparing, tables
from ablation.results.figures import activations
from ablation.results.figures.run import RUN_FIGURES
from ablation.results.figures.study import STUDY_FIGURES
from ablation.results.report.pictures import Picture, embedded

# Runs whose pictures the page shows; of all others it has the figures.
MOST_SHOWN = 12
# Lines at the end of a log, the most confidently wrong photos of a run.
LOG_LINES, MISTAKES = 15, 5
# Rows of a table that may be long; the file has all.
MOST_ROWS = 500
PACKAGES = ("torch", "torchvision", "timm", "snakemake", "numpy", "pandas", "scipy", "matplotlib", "pillow")


@dataclass(frozen=True)
class Places:
    """Where a study's files lie: its tables and figures, its runs, their logs, and the data set's card."""

    comparison: Path
    runs: Path
    logs: Path
    card: Path
    graph: Path


@dataclass(frozen=True)
class Run:
    """A run's page: `data` is what the browser shows of it, as JSON."""

    key: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Contents:
    """All that the page shows; tables are lists of rows by column."""

    study: str
    data_set: str
    answer: list[str]
    summary: list[dict[str, Any]]
    comparisons: list[dict[str, Any]]
    more_comparisons: int
    findings: list[dict[str, str]]
    suspects: list[dict[str, Any]]
    more_suspects: int
    figures: list[Picture]
    runs: list[Run]
    pictured: int
    card: list[str]
    classes: list[dict[str, str]]
    sheet: Picture | None
    cost: dict[str, Any]
    trained_with: list[tuple[str, str]]
    software: list[tuple[str, str]]
    graph: Picture | None
    command: str
    config: str


def read(places: Places, study: dict[str, Any]) -> Contents:
    """Return a study's contents; `study` is its name, data set, command, configuration and figures.

    Raises UserError for what is damaged. What people may have deleted, logs and cards, is left out.
    """
    comparison = places.comparison
    summary = tables.read_judged(comparison / "summary.csv", columns.SUMMARY)
    comparisons = tables.read_judged(
        comparison / "comparisons.csv", [one.name for one in fields(comparing.Comparison)]
    )
    runs = tables.read_runs(comparison / "runs.csv")
    ranked = summary.sort_values(["accuracy", "val_accuracy"], ascending=False, kind="stable")
    shown = chosen(runs, list(ranked["experiment"]), list(comparisons["reference"]))
    pages = [page(one, places, pictured=key(one) in shown) for _, one in runs.iterrows()]
    suspects = [row for row in rows_of(comparison / "suspects.csv") if float(row["wrong"]) > 0]
    sheet = places.card / "photos.png"
    return Contents(
        study=study["study"],
        data_set=study["data_set"],
        answer=(comparison / "answer.md").read_text(encoding="utf-8").splitlines(),
        summary=plain(ranked),
        comparisons=plain(comparisons.head(MOST_ROWS)),
        more_comparisons=max(len(comparisons) - MOST_ROWS, 0),
        findings=rows_of(comparison / "findings.csv"),
        suspects=suspects[:MOST_ROWS],
        more_suspects=max(len(suspects) - MOST_ROWS, 0),
        figures=[figure(comparison, name) for name in study["figures"]],
        runs=pages,
        pictured=len(shown),
        card=lines(places.card / "check.txt"),
        classes=rows_of(places.card / "classes.csv"),
        sheet=Picture("photos", "Photos as they train", "", embedded(sheet)) if sheet.exists() else None,
        cost=cost(runs),
        trained_with=trained_with([one.data for one in pages]),
        software=software(),
        graph=Picture("graph", "What is made from what", "", embedded(places.graph)),
        command=study["command"],
        config=study["config"],
    )


def key(run: pd.Series) -> str:
    """Return what a run is called in addresses within the page: its path under the data set's runs."""
    fold = "" if pd.isna(run["fold"]) or not int(run["fold"]) else f"-fold{int(run['fold'])}"
    return f"{run['folder']}/seed{int(run['seed'])}{fold}"


def chosen(runs: pd.DataFrame, ranked: Sequence[str], references: Iterable[str]) -> set[str]:
    """Return the runs whose pictures are shown: of the best experiments, and of what others build on.

    First one run of each in the order of the table, then further ones, up to `MOST_SHOWN`.
    """
    order = list(dict.fromkeys([*ranked[: MOST_SHOWN // 2], *references, *ranked]))
    done = runs[runs["ended"] != tables.FAILED]
    by_experiment = {
        name: [key(one) for _, one in some.iterrows()] for name, some in done.groupby("experiment")
    }
    found: dict[str, None] = {}
    deepest = max(map(len, by_experiment.values()), default=0)
    for turn in range(deepest):
        for name in order:
            its = by_experiment.get(name, [])
            if turn < len(its) and len(found) < MOST_SHOWN:
                found[its[turn]] = None
    return set(found)


def page(run: pd.Series, places: Places, *, pictured: bool) -> Run:
    """Return what the page shows of a run."""
    name = key(run)
    folder = places.runs / name
    epochs = rows_of(folder / "history.csv")
    its = {
        "experiment": run["experiment"],
        "label": run["label"],
        "seed": int(run["seed"]),
        "fold": None if pd.isna(run["fold"]) else int(run["fold"]),
        "folder": os.path.relpath(folder, places.comparison),
        "ended": run["ended"],
        "reason": None if pd.isna(run["reason"]) else run["reason"],
        "history": history(epochs),
        # By the exact losses, which the rounded ones may tie.
        "best": best(epochs),
        "mistakes": mistakes(folder),
        "record": json_of(folder / "record.json"),
        "spec": json_of(folder / "spec.json"),
        "log": lines(places.logs / f"{name.replace('/seed', '-seed')}.log")[-LOG_LINES:],
        "pictures": [],
    }
    if pictured:
        its["pictures"] = [
            {"title": one.title, "caption": one.caption, "source": embedded(path, small=True)}
            for figure, one in RUN_FIGURES.items()
            if figure != "curves" and (path := folder / f"{figure}.png").exists()
        ]
    return Run(name, its)


def history(epochs: list[dict[str, str]]) -> list[list[float]]:
    """Return training and validation loss and accuracy of each epoch, in four digits."""
    names = ("train_loss", "val_loss", "train_accuracy", "val_accuracy")
    return [[float(f"{float(row[name]):.4g}") for name in names] for row in epochs]


def best(epochs: list[dict[str, str]]) -> int | None:
    """Return the place of the epoch with the lowest validation loss, the first of ties; None of none."""
    return min(range(len(epochs)), key=lambda place: float(epochs[place]["val_loss"]), default=None)


def mistakes(folder: Path) -> list[list[str]]:
    """Return the most confidently wrong photos: file, class, what it was taken for, probability."""
    wrong = [row for row in rows_of(folder / "predictions.csv") if row["true"] != row["predicted"]]
    wrong.sort(key=lambda row: -float(row["probability"]))
    return [
        [row["file"], row["true"], row["predicted"], f"{float(row['probability']):.2f}"]
        for row in wrong[:MISTAKES]
    ]


def figure(comparison: Path, name: str) -> Picture:
    """Return a figure of the study: one that compares runs, or the winner's."""
    its = STUDY_FIGURES.get(name)
    title, caption = (its.title, its.caption) if its else (activations.TITLE, activations.CAPTION)
    group = "Photos" if its is None or its.photos else "Charts"
    return Picture(name, title, caption, embedded(comparison / f"{name}.png"), group)


def cost(runs: pd.DataFrame) -> dict[str, Any]:
    """Return what all runs of a study took, and each experiment's, the longest first."""
    measured = ["train_seconds", *columns.COST]
    sums = runs.groupby("experiment", sort=False).agg(
        runs=("experiment", "size"),
        seconds=("train_seconds", "sum"),
        images_per_second=("images_per_second", "mean"),
        peak_host_mib=("peak_host_mib", "max"),
        peak_device_mib=("peak_device_mib", "max"),
        joules=("host_joules", lambda some: some.sum(min_count=1)),
        device_joules=("device_joules", lambda some: some.sum(min_count=1)),
    )
    rows = plain(sums.sort_values("seconds", ascending=False, kind="stable").reset_index())
    once = runs.drop_duplicates(["folder", "seed", "fold"])
    totals = {name: once[name].sum(min_count=1) for name in measured if name in once}
    return {
        "runs": len(once),
        "seconds": float(totals["train_seconds"]),
        "host_joules": None if pd.isna(totals["host_joules"]) else float(totals["host_joules"]),
        "device_joules": None if pd.isna(totals["device_joules"]) else float(totals["device_joules"]),
        "rows": rows,
    }


def trained_with(runs: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return what the runs' records say of machine and software, each value with the runs that have it."""
    names = {"device": "device", "torch": "PyTorch", "precision": "precision", "threads": "threads of a run"}
    records = [run["record"] for run in runs if run["record"]]
    found = []
    for name, told in names.items():
        counts = Counter(str(one.get(name)) for one in records)
        values = [
            f"{value} ({count} of {len(records)} runs)" if len(counts) > 1 else value
            for value, count in counts.most_common()
        ]
        found.append((told, ", ".join(values)))
    return found


def software() -> list[tuple[str, str]]:
    """Return the packages, as they were when the page was made; those that are there."""
    found = []
    for name in PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV; none where it is not there."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lines(path: Path) -> list[str]:
    """Return the lines of a text; none where it is not there."""
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []


def json_of(path: Path) -> Any:
    """Return what a file holds as JSON; None where it is not there."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table; what is missing as None."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]
