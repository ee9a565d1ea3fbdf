"""Summarize the runs of a study: a row for each experiment, beside published figures where there are any."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.results import summarizing, tables
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", required=True, type=Path, help="CSV with a row a run")
    parser.add_argument("--published", type=Path, nargs="?", help="CSV of published figures")
    parser.add_argument("--output", required=True, type=Path, help="summary.csv")
    args = parser.parse_args()
    tables.write(summarizing.summarize(tables.read_runs(args.runs), args.published), args.output)


if __name__ == "__main__":
    errors.run(main)
