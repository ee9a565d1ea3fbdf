"""Draw one figure that compares the experiments of a study."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ablation.results import columns, tables
from ablation.results.figures.given import Given
from ablation.results.figures.study import STUDY_FIGURES
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=f"{__doc__} Standard input: study/families.py as JSON.")
    parser.add_argument("--suspects", type=Path, help="CSV with a row a photo, where they are drawn")
    parser.add_argument("--pack", type=Path, help="folder of the packed photos, where they are drawn")
    parser.add_argument("--summary", required=True, type=Path, help="CSV with a row an experiment")
    parser.add_argument("--comparisons", type=Path, help="CSV with a row a comparison, where it is drawn")
    parser.add_argument(
        "--grid", nargs="*", default=(), help="columns that tell the experiments of a grid apart"
    )
    parser.add_argument("--figure", required=True, choices=STUDY_FIGURES)
    parser.add_argument("--output", required=True, type=Path, help="the PNG; an SVG is written beside it")
    args = parser.parse_args()
    summary = tables.read_judged(args.summary, columns.SUMMARY)
    if summary.empty:
        raise errors.UserError(f"{args.summary} is damaged (no row): delete it and run again")
    compared = suspected = None
    if args.comparisons is not None:
        compared = tables.read_judged(args.comparisons, tables.COMPARED)
    if args.suspects is not None:
        suspected = tables.read_suspects(args.suspects)
    given = Given(summary, sys.stdin.read(), compared, args.grid, suspected, args.pack)
    STUDY_FIGURES[args.figure].draw(given, args.output)


if __name__ == "__main__":
    errors.run(main)
