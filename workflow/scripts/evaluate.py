"""Evaluate what a run's best weights made of the validation photos: a row for each, and their averages."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation import errors, evaluation, kept, outputs, pack
from ablation.files import write_json


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="folder of the run's results")
    parser.add_argument("--pack", required=True, type=Path, help="folder of the packed photos")
    args = parser.parse_args()
    found = outputs.read(args.run / outputs.FILE)
    predictions = evaluation.predictions(found, pack.load_index(args.pack))
    evaluation.write_predictions(predictions, args.run / "predictions.csv")
    write_json(args.run / "metrics.json", evaluation.metrics(predictions))
    kept.clear(args.run)


if __name__ == "__main__":
    errors.run(main)
