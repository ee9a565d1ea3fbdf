"""Judge the experiments of a study: a row for each, and each against the one that it builds on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ablation.results import comparing, judging, outcomes, summarizing, tables
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=f"{__doc__} Standard input: study/families.py as JSON.")
    parser.add_argument(
        "--runs", required=True, type=Path, help=f"CSV with a row a run; {outcomes.FILE} lies beside it"
    )
    parser.add_argument("--published", type=Path, nargs="?", help="CSV of published figures")
    parser.add_argument("--output", required=True, type=Path, help="summary.csv")
    parser.add_argument("--comparisons", required=True, type=Path, help="comparisons.csv")
    args = parser.parse_args()
    validated, tested = (
        outcomes.read(args.runs.with_name(name)) for name in (outcomes.FILE, outcomes.TEST_FILE)
    )
    runs, families = tables.read_runs(args.runs), sys.stdin.read()
    chosen, judged_on = judging.chosen(validated, tested)
    judged = judging.judged(chosen, judged_on)
    tables.write(comparing.table(comparing.compared(chosen, judged_on, families)), args.comparisons)
    tables.write(summarizing.summarize(runs, judged, args.published), args.output)


if __name__ == "__main__":
    errors.run(main)
