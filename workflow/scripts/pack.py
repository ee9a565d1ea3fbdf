"""Decode every photo of a manifest once, to the size that trains, into a pack."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ablation.photos import packing, resizing
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", required=True, type=Path, help="folder of the photos")
    parser.add_argument("--manifest", required=True, type=Path)
    parser.add_argument("--size", required=True, type=int, help="side in pixels")
    parser.add_argument("--resize", default="squash", choices=resizing.WAYS, help="how photos become square")
    parser.add_argument("--interpolation", default="bilinear", help="one of Pillow's filters")
    parser.add_argument("--output", required=True, type=Path, help="folder of the pack")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="that decode photos")
    args = parser.parse_args()
    way = {"resize": args.resize, "interpolation": args.interpolation}
    packing.build(args.photos, args.manifest, args.size, args.output, args.threads, **way)


if __name__ == "__main__":
    errors.run(main)
