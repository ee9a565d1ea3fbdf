"""Collect the runs of a study into tables; standard input names them, a JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ablation.results import collecting, outcomes, tables, validation
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", required=True, type=Path, help="folder of the data set's runs")
    parser.add_argument("--manifest", required=True, type=Path, help="the data set's photos; may be gone")
    parser.add_argument(
        "--output",
        required=True,
        type=Path,
        help=f"CSV with a row a run; {outcomes.FILE} and {outcomes.TEST_FILE} are written beside it",
    )
    args = parser.parse_args()
    study = [json.loads(line) for line in sys.stdin if line.strip()]
    photos = None
    if args.manifest.exists():
        photos = validation.photos(args.manifest)
    elif any(not run.get("reason") for run in study):
        missing = f"{', '.join(collecting.LABELLED)}, intervals and comparisons"
        print(f"{args.manifest} is not there: {missing} stay empty")
    found = collecting.collect(study, args.runs, photos)
    outcomes.write(found.validated, args.output.with_name(outcomes.FILE))
    outcomes.write(found.tested, args.output.with_name(outcomes.TEST_FILE))
    tables.write(found.runs, args.output)


if __name__ == "__main__":
    errors.run(main)
