"""Draw one figure that compares the experiments of a study."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path

from ablation.results import columns, comparing, tables
from ablation.results.figures.given import Given
from ablation.results.figures.study import STUDY_FIGURES
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=f"{__doc__} Standard input: study/families.py as JSON.")
    parser.add_argument("--summary", required=True, type=Path, help="CSV with a row an experiment")
    parser.add_argument("--comparisons", type=Path, help="CSV with a row a comparison, where it is drawn")
    parser.add_argument("--figure", required=True, choices=STUDY_FIGURES)
    parser.add_argument("--output", required=True, type=Path, help="the PNG; an SVG is written beside it")
    args = parser.parse_args()
    summary = tables.read_judged(args.summary, columns.SUMMARY)
    if summary.empty:
        raise errors.UserError(f"{args.summary} is damaged (no row): delete it and run again")
    compared = None
    if args.comparisons is not None:
        names = [one.name for one in fields(comparing.Comparison)]
        compared = tables.read_judged(args.comparisons, names)
    STUDY_FIGURES[args.figure].draw(Given(summary, sys.stdin.read(), compared), args.output)


if __name__ == "__main__":
    errors.run(main)
