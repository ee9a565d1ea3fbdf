"""Draw one figure that compares the experiments of a study."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ablation.results import columns, tables
from ablation.results.figures.study import STUDY_FIGURES
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=f"{__doc__} Standard input: study/families.py as JSON.")
    parser.add_argument("--summary", required=True, type=Path, help="CSV with a row an experiment")
    parser.add_argument("--figure", required=True, choices=STUDY_FIGURES)
    parser.add_argument("--output", required=True, type=Path)
    args = parser.parse_args()
    summary = tables.read_judged(args.summary, columns.SUMMARY)
    if summary.empty:
        raise errors.UserError(f"{args.summary} is damaged (no row): delete it and run again")
    STUDY_FIGURES[args.figure].draw(summary, sys.stdin.read(), args.output)


if __name__ == "__main__":
    errors.run(main)
