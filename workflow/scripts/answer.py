"""Say in a few sentences what a study's tables conclude."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from ablation.results import answering, columns, comparing, tables
from ablation.running import errors, files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--summary", required=True, type=Path, help="CSV with a row an experiment")
    parser.add_argument("--comparisons", required=True, type=Path, help="CSV with a row a comparison")
    parser.add_argument("--output", required=True, type=Path, help="answer.md")
    args = parser.parse_args()
    summary = tables.read_judged(args.summary, columns.SUMMARY)
    comparisons = tables.read_judged(args.comparisons, [one.name for one in fields(comparing.Comparison)])
    told = answering.answer(summary, comparisons)
    files.write_text(args.output, told)


if __name__ == "__main__":
    errors.run(main)
