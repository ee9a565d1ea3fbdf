"""Draw the figures of one run: its curves, and validation photos with what they were taken for."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation import errors, figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="folder of the run's results")
    parser.add_argument("--pack", required=True, type=Path, help="folder of the packed photos")
    args = parser.parse_args()
    for name, draw in figures.RUN_FIGURES.items():
        draw(args.run, args.pack, args.run / f"{name}.png")


if __name__ == "__main__":
    errors.run(main)
