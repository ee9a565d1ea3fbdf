"""Evaluate a run for people: a row for each validation photo, and pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.photos import pack
from ablation.results import predictions, validation
from ablation.results.figures.evaluated import Evaluated
from ablation.results.figures.run import RUN_FIGURES
from ablation.running import errors, kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="folder of the run's results")
    parser.add_argument("--pack", required=True, type=Path, help="folder of the packed photos")
    args = parser.parse_args()
    its = validation.of_run(pack.load_index(args.pack), validation.record_of(args.run))
    rows = predictions.of(args.run, its)
    predictions.write(rows, args.run / "predictions.csv")
    of = Evaluated(args.run, args.pack)
    for name, figure in RUN_FIGURES.items():
        figure.draw(of, args.run / f"{name}.png")
    kept.clear(args.run)


if __name__ == "__main__":
    errors.run(main)
