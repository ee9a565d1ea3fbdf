"""Write a finished study as an RO-Crate: what ran on what, with hashes, in one zip."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ablation.results import crate
from ablation.results.report.contents import software
from ablation.running import code, errors


def main() -> None:
    parser = argparse.ArgumentParser(
        description=f"{__doc__} Standard input: what reproduction.py says of it."
    )
    parser.add_argument("--comparison", required=True, type=Path, help="folder of its tables")
    parser.add_argument("--runs", required=True, type=Path, help="folder of the data set's runs")
    parser.add_argument("--manifest", required=True, type=Path, help="of the data set")
    parser.add_argument("--output", required=True, type=Path, help="the zip")
    args = parser.parse_args()
    study = json.load(sys.stdin) | {"packages": [f"{name} {version}" for name, version in software()]}
    places = crate.Places(args.comparison, args.runs, args.manifest)
    crate.write(places, study, code.of("train.py"), args.output)


if __name__ == "__main__":
    errors.run(main)
