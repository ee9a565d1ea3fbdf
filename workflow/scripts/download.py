"""Download an archive of photos from Google Drive."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.photos import drive
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="Google Drive id")
    parser.add_argument("--sha256", help="refuse any other file")
    parser.add_argument("--output", required=True, type=Path, help="the archive")
    args = parser.parse_args()
    drive.download(args.id, args.output, args.sha256)


if __name__ == "__main__":
    errors.run(main)
