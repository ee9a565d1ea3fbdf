"""Index a folder of photos: find them, check each, split them, find duplicates, write the manifest."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path

from PIL import Image

from ablation.photos import duplicates, indexing, labels, manifest, origin, pairs, reading
from ablation.running import console, errors

# A photo that is there a hundred times makes thousands of pairs; all are in the file.
SHOWN = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", required=True, type=Path, help="folder of the photos")
    parser.add_argument("--train-fraction", required=True, type=float, help="of each class, 0 to 1")
    parser.add_argument("--test-fraction", default=0, type=float, help="of each class, set apart before that")
    parser.add_argument("--seed", required=True, type=int, help="chooses the photos that train")
    parser.add_argument(
        "--duplicates", choices=duplicates.MODES, default=duplicates.REFUSE, help="with different labels"
    )
    parser.add_argument(
        "--bad-photos", choices=("refuse", "leave_out"), default="refuse", help="that cannot be read"
    )
    parser.add_argument(
        "--labels", help='where labels are, as JSON: "folders" or {"file": ..., "label": ...}'
    )
    parser.add_argument("--few", action="store_true", help="few of them, for a smoke test")
    parser.add_argument(
        "--output",
        required=True,
        type=Path,
        help=f"manifest.csv; {reading.FILE} and {pairs.FILE} are written beside it",
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="that decode photos")
    args = parser.parse_args()
    fingerprints: dict[str, duplicates.Fingerprint] = {}

    def inspect(file: str, photo: Image.Image) -> None:
        fingerprints[file] = duplicates.fingerprint(photo)

    indexed = indexing.index(
        *(args.photos, args.train_fraction, args.seed, inspect, args.threads),
        asked=labels.Asked.from_json(args.labels),
        leave_out=args.bad_photos == "leave_out",
        few=args.few,
        test_fraction=args.test_fraction,
        tell=console.line,
    )
    entries, read, checked = indexed.entries, indexed.reading, indexed.checked
    if read.left_out:
        console.line(f"left out: {', '.join(reading.counted(read.left_out))}")
    found = duplicates.find(entries, fingerprints)
    across = [pair for pair in found if pair.across]
    two_labels = [pair for pair in found if pair.contradictory]
    show(across, "across the split")
    show(two_labels, "with two labels")
    duplicates.refuse_contradictory(found, args.photos, args.duplicates)
    path = args.output.with_name(pairs.FILE)
    pairs.write(found, path)
    if found:
        console.line(f"{pairs.counted(found)}, {len(across)} across the split: {path}")
    if two_labels and args.duplicates == duplicates.REFUSE:
        console.line(
            f"warning: of {pairs.counted(two_labels)} the labels differ: mend them if that is wrong "
            "(`duplicates: refuse_near` in config.yaml makes it an error)"
        )
    reading.write(args.output.with_name(reading.FILE), read, kinds=checked.kinds, sizes=checked.sizes)
    manifest.write(entries, args.output)
    if args.photos.parent != args.output.parent:
        origin.record(args.output.parent, args.photos)
    parts = Counter(entry.split for entry in entries)
    classes = len({entry.label for entry in entries})
    test = f", {parts[manifest.TEST]} test" if parts[manifest.TEST] else ""
    console.line(
        f"{classes} classes, {parts[manifest.TRAIN]} photos train, {parts[manifest.VAL]} validate{test}"
    )


def show(found: list[pairs.Pair], what: str) -> None:
    """Print a line for each of the first pairs, and how many more there are."""
    for pair in found[:SHOWN]:
        console.line(f"duplicates {what}: {pair}")
    if len(found) > SHOWN:
        console.line(f"and {len(found) - SHOWN} more pairs {what}")


if __name__ == "__main__":
    errors.run(main)
