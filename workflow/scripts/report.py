"""Write the page of a study: answer, tables, figures and runs in one HTML file that needs no network."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ablation.results.report import contents, page
from ablation.running import errors, files


def main() -> None:
    parser = argparse.ArgumentParser(
        description=f"{__doc__} Standard input: what reproduction.py says of it, as JSON."
    )
    parser.add_argument(
        "--comparison", required=True, type=Path, help="folder of the study's tables and figures"
    )
    parser.add_argument("--runs", required=True, type=Path, help="folder of the data set's runs")
    parser.add_argument("--logs", required=True, type=Path, help="folder of their logs")
    parser.add_argument(
        "--card", required=True, type=Path, help="folder of what check.py said of the data set"
    )
    parser.add_argument("--graph", required=True, type=Path, help="picture of the workflow")
    parser.add_argument("--output", required=True, type=Path)
    args = parser.parse_args()
    places = contents.Places(args.comparison, args.runs, args.logs, args.card, args.graph)
    files.write_text(args.output, page.html(contents.read(places, json.load(sys.stdin))))


if __name__ == "__main__":
    errors.run(main)
