"""Judge each conclusion of the report by a study's runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.results import findings, outcomes, tables
from ablation.running import errors, files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", required=True, type=Path, help="CSV with a row a run")
    parser.add_argument("--outcomes", required=True, type=Path, help=f"{outcomes.FILE} of these runs")
    parser.add_argument("--published", type=Path, nargs="?", help="CSV of published figures")
    parser.add_argument("--drawn", action="store_true", help="the photos are drawn by the program")
    parser.add_argument("--weights", required=True, help="what the starting weights are, in words")
    parser.add_argument("--output", required=True, type=Path, help=f"{findings.FILE}")
    args = parser.parse_args()
    published = tables.read(args.published) if args.published else None
    found = findings.find(tables.read_runs(args.runs), outcomes.read(args.outcomes), published)
    files.write_text(
        args.output.with_name(findings.PAGE), findings.page(found, drawn=args.drawn, weights=args.weights)
    )
    findings.write(found, args.output)


if __name__ == "__main__":
    errors.run(main)
