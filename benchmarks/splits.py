"""Run a study on several splits of the same photos: what its experiments reach, and how long a study takes.

    .venv/bin/python benchmarks/splits.py studies/quick.yaml my_photos.zip

Prints for each experiment the mean and the standard deviation of its validation accuracy over the splits of
`split.seed` 0, 1, ...; and the seconds of a whole study, from its start in a fresh copy of the program to its
table.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))
from commands import timed
from copies import overlay, project, snakemake
from sizes import SIZES, SMALLEST, say


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path, help="an overlay of config.yaml, such as studies/quick.yaml")
    parser.add_argument("photos", type=Path, help="an archive or a folder")
    args = parser.parse_args()
    say()
    accuracies: dict[str, list[float]] = defaultdict(list)
    seconds = []
    for seed in range(SIZES.splits):
        with tempfile.TemporaryDirectory() as folder:
            own = project(Path(folder, "project"))
            study = yaml.safe_load(args.study.read_text(encoding="utf-8")) | {
                "dataset": str(args.photos.resolve()),
                "split": {"seed": seed},
            }
            config = overlay(own / "splits.yaml", **smaller(study))
            table = snakemake(own, "results/summary.csv", "--cores", "all", "--configfile", config)
            seconds.append(timed(table, own, Path(folder, "log")))
            with (own / "results/summary.csv").open(encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    accuracies[row["experiment"]].append(float(row["val_accuracy"]))
        print(f"split {seed}: {seconds[-1]:.0f} s", file=sys.stderr)
    print("| experiment | validation accuracy | SD | each split |\n|---|---|---|---|")
    for name, each in accuracies.items():
        spread = statistics.stdev(each) if len(each) > 1 else float("nan")
        row = (name, f"{statistics.mean(each):.3f}", f"{spread:.3f}", " ".join(f"{one:.3f}" for one in each))
        print(f"| {' | '.join(row)} |")
    low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
    print(f"\nA study took {middle:.0f} s ({low:.0f} to {high:.0f}).")


def smaller(study: dict[str, Any]) -> dict[str, Any]:
    """Return a study with few epochs in the smallest form: more than one in each part, for a warm-up."""
    if SIZES is SMALLEST:
        for experiment in study["experiments"]:
            experiment |= {"epochs": 4, "head_epochs": 2}
    return study


if __name__ == "__main__":
    main()
