"""Collect the runs of a study into one table; standard input names them, a JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ablation.results import collecting, tables
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", required=True, type=Path, help="folder of the data set's runs")
    parser.add_argument("--output", required=True, type=Path, help="CSV with a row a run")
    args = parser.parse_args()
    study = [json.loads(line) for line in sys.stdin if line.strip()]
    tables.write(collecting.collect(study, args.runs), args.output)


if __name__ == "__main__":
    errors.run(main)
