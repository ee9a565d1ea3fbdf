"""Write the event file of a run for TensorBoard, of what the finished run left."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ablation.results import event_files, tracked, validation
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", required=True, type=Path, help="folder of the data set's runs")
    parser.add_argument("--manifest", required=True, type=Path, help="the data set's photos; may be gone")
    parser.add_argument("--run", required=True, type=json.loads, help="the run and its spec, as JSON")
    parser.add_argument("--output", required=True, type=Path, help="the event file")
    args = parser.parse_args()
    photos = validation.photos(args.manifest) if args.manifest.exists() else None
    event_files.write(tracked.of(args.run, args.runs, photos), args.output)


if __name__ == "__main__":
    errors.run(main)
