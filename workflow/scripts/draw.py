"""Draw a data set: photos of flowers of made-up species, with their label.csv."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.photos.drawn import drawing
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--species", required=True, type=int)
    parser.add_argument("--photos", required=True, type=int, help="photos of each species")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--size", type=int, nargs=2, default=(640, 480), help="long and short side in pixels")
    parser.add_argument("--output", required=True, type=Path, help="folder of the photos")
    args = parser.parse_args()
    drawing.draw(args.output, args.species, args.photos, args.seed, tuple(args.size))


if __name__ == "__main__":
    errors.run(main)
