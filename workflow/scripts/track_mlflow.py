"""Write MLflow's store of a study; standard input names its finished runs, a JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ablation.results import mlflow_store, tracked, validation
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", required=True, type=Path, help="folder of the data set's runs")
    parser.add_argument("--manifest", required=True, type=Path, help="the data set's photos; may be gone")
    parser.add_argument("--output", required=True, type=Path, help="the store; its folder is replaced")
    args = parser.parse_args()
    lines = [json.loads(line) for line in sys.stdin if line.strip()]
    photos = validation.photos(args.manifest) if args.manifest.exists() else None
    mlflow_store.write((tracked.of(line, args.runs, photos) for line in lines), args.output)


if __name__ == "__main__":
    errors.run(main)
