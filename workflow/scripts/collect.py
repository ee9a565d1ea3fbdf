"""Collect the runs of a study into one table; standard input names them, a JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ablation.results import collecting, tables, validation
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", required=True, type=Path, help="folder of the data set's runs")
    parser.add_argument("--manifest", required=True, type=Path, help="the data set's photos; may be gone")
    parser.add_argument("--output", required=True, type=Path, help="CSV with a row a run")
    args = parser.parse_args()
    study = [json.loads(line) for line in sys.stdin if line.strip()]
    photos = None
    if args.manifest.exists():
        photos = validation.photos(args.manifest)
    elif any(not run.get("reason") for run in study):
        print(f"{args.manifest} is not there: {', '.join(collecting.LABELLED)} stay empty")
    tables.write(collecting.collect(study, args.runs, photos), args.output)


if __name__ == "__main__":
    errors.run(main)
