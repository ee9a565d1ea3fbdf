"""Unpack an archive of photos, safely."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.photos import archive, origin
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", required=True, type=Path, help="zip or tar")
    parser.add_argument("--max-gb", required=True, type=float, help="refuse to write more (10^9 bytes)")
    parser.add_argument("--output", required=True, type=Path, help="folder of the photos")
    args = parser.parse_args()
    archive.unpack(args.archive, args.output, int(args.max_gb * 1e9))
    origin.record(args.output.parent, args.archive)


if __name__ == "__main__":
    errors.run(main)
