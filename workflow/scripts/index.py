"""Index a folder of photos: find them, check each, split them, write the manifest."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from ablation import console, errors
from ablation.datasets import manifest, origin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", required=True, type=Path, help="folder of the photos")
    parser.add_argument("--train-fraction", required=True, type=float, help="of each class, 0 to 1")
    parser.add_argument("--seed", required=True, type=int, help="chooses the photos that train")
    parser.add_argument("--output", required=True, type=Path, help="manifest.csv")
    args = parser.parse_args()
    entries = manifest.build(args.photos, args.train_fraction, args.seed)
    manifest.write(entries, args.output)
    if args.photos.parent != args.output.parent:
        origin.record(args.output.parent, args.photos)
    parts = Counter(entry.split for entry in entries)
    classes = len({entry.label for entry in entries})
    console.line(f"{classes} classes, {parts[manifest.TRAIN]} photos train, {parts[manifest.VAL]} validate")


if __name__ == "__main__":
    errors.run(main)
