"""Draw one figure that compares the experiments of a study."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.results import tables
from ablation.results.figures.study import STUDY_FIGURES
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", required=True, type=Path, help="CSV with a row a run")
    parser.add_argument("--figure", required=True, choices=STUDY_FIGURES)
    parser.add_argument("--output", required=True, type=Path)
    args = parser.parse_args()
    STUDY_FIGURES[args.figure].draw(tables.read_runs(args.runs), args.output)


if __name__ == "__main__":
    errors.run(main)
