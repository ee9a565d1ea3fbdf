"""Choose the experiment of a study that is used for new photos."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.results.winner import winner
from ablation.running import errors
from ablation.running.files import write_text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--summary", required=True, type=Path, help="summary.csv of the study")
    parser.add_argument("--output", required=True, type=Path, help="text of one line: the experiment's name")
    args = parser.parse_args()
    found = winner(args.summary)
    write_text(args.output, f"{found.experiment}\n")
    print(found)


if __name__ == "__main__":
    errors.run(main)
