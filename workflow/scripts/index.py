"""Index a folder of photos: find them, check each, split them, find duplicates, write the manifest."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path

from PIL import Image

from ablation.photos import duplicates, indexing, layouts, manifest, origin, pairs, reading
from ablation.running import console, errors

# A photo that is there a hundred times makes thousands of pairs; all are in the file.
SHOWN = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", required=True, type=Path, help="folder of the photos")
    parser.add_argument("--train-fraction", required=True, type=float, help="of each class, 0 to 1")
    parser.add_argument("--seed", required=True, type=int, help="chooses the photos that train")
    parser.add_argument(
        "--duplicates", choices=("refuse", "allow"), default="refuse", help="with different labels"
    )
    parser.add_argument(
        "--output",
        required=True,
        type=Path,
        help=f"manifest.csv; {pairs.FILE} and {reading.FILE} are written beside it",
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="that decode photos")
    args = parser.parse_args()
    fingerprints: dict[str, duplicates.Fingerprint] = {}
    kinds: Counter[str] = Counter()
    sizes: list[tuple[int, int]] = []

    def inspect(file: str, photo: Image.Image) -> None:
        fingerprints[file] = duplicates.fingerprint(photo)
        sizes.append(photo.size)
        with Image.open(args.photos / file) as opened:
            kinds[str(opened.format)] += 1

    entries = indexing.build(args.photos, args.train_fraction, args.seed, inspect, args.threads)
    found = duplicates.find(entries, fingerprints)
    across = [pair for pair in found if pair.across]
    show(across, "across the split")
    show([pair for pair in found if pair.contradictory], "with two labels")
    if args.duplicates == "refuse":
        duplicates.refuse_contradictory(found, args.photos)
    path = args.output.with_name(pairs.FILE)
    pairs.write(found, path)
    if found:
        console.line(f"{len(found)} pairs of duplicates, {len(across)} across the split: {path}")
    sizes.sort(key=lambda size: (size[0] * size[1], size))
    named = {"smallest": sizes[0], "median": sizes[len(sizes) // 2], "largest": sizes[-1]}
    found_photos = layouts.find(args.photos)
    reading.write(args.output.with_name(reading.FILE), found_photos, kinds=kinds, sizes=named)
    manifest.write(entries, args.output)
    if args.photos.parent != args.output.parent:
        origin.record(args.output.parent, args.photos)
    parts = Counter(entry.split for entry in entries)
    classes = len({entry.label for entry in entries})
    console.line(f"{classes} classes, {parts[manifest.TRAIN]} photos train, {parts[manifest.VAL]} validate")


def show(found: list[pairs.Pair], what: str) -> None:
    """Print a line for each of the first pairs, and how many more there are."""
    for pair in found[:SHOWN]:
        console.line(f"duplicates {what}: {pair}")
    if len(found) > SHOWN:
        console.line(f"and {len(found) - SHOWN} more pairs {what}")


if __name__ == "__main__":
    errors.run(main)
