"""Write predictions in the form of a competition."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.prediction import submission
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--predictions", required=True, type=Path, help="CSV that predict.py wrote")
    parser.add_argument("--template", type=Path, help="CSV with the names that a submission is to have")
    parser.add_argument("--output", required=True, type=Path, help="CSV of filename,category")
    args = parser.parse_args()
    submission.write(args.predictions, args.output, args.template)


if __name__ == "__main__":
    errors.run(main)
