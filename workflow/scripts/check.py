"""Say what a data set looks like before anything trains: in words, a table, and a sheet of photos."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ablation.photos import manifest, overview, reading
from ablation.photos.overview import Way
from ablation.results.figures import sheet
from ablation.running import console, errors, files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", required=True, type=Path, help="folder of the photos")
    parser.add_argument(
        "--manifest", required=True, type=Path, help="manifest.csv, with what was indexed beside it"
    )
    parser.add_argument(
        "--way",
        required=True,
        nargs="+",
        type=Way.parsed,
        help="how photos become square, such as 192-squash-bilinear; the sheet shows the first",
    )
    parser.add_argument(
        "--output", required=True, type=Path, help="folder of the results, named as the data set"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="that decode photos")
    args = parser.parse_args()
    entries = manifest.read(args.manifest)
    read = reading.read(args.manifest.with_name(reading.FILE))
    if read is None:
        raise errors.UserError(f"{args.manifest.parent} holds no {reading.FILE}: run snakemake check")
    told = overview.lines(args.manifest.parent, args.output, args.way, entries, read)
    overview.write(overview.counts(entries), args.output / overview.CLASSES)
    name, path = args.output.name, args.output / overview.SHEET
    sheet.draw(args.photos, entries, args.way[0], name, path, args.threads)
    files.write_text(args.output / overview.TEXT, "\n".join([*told, ""]))
    for line in told:
        console.line(line)


if __name__ == "__main__":
    errors.run(main)
