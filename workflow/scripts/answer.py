"""Say in a few sentences what a study's tables conclude."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.results import answering, tables
from ablation.running import errors, files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--summary", required=True, type=Path, help="CSV with a row an experiment")
    parser.add_argument("--comparisons", required=True, type=Path, help="CSV with a row a comparison")
    parser.add_argument("--output", required=True, type=Path, help="answer.md")
    args = parser.parse_args()
    told = answering.answer(tables.read(args.summary), tables.read(args.comparisons))
    files.write_text(args.output, told)


if __name__ == "__main__":
    errors.run(main)
