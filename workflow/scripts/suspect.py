"""Rank photos by how little the networks that have not seen them believe their labels."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.results import outcomes, suspects
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outcomes", required=True, type=Path, help=f"{outcomes.FILE} of a study's runs")
    parser.add_argument("--output", required=True, type=Path, help=f"{suspects.FILE}")
    args = parser.parse_args()
    found = outcomes.read(args.outcomes)
    print(suspects.voting(found), flush=True)
    suspects.write(suspects.of(found), args.output)


if __name__ == "__main__":
    errors.run(main)
