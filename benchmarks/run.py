"""Measure this program against a script written by hand, its peers and the limit of the hardware.

Prints a table and writes the same to results.csv and results.md; README.md says what is measured, and how.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))
import results
import sizes
from ablation.running import errors
from workloads import WORKLOADS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder or archive to measure on; else drawn photos")
    parser.add_argument(
        "workloads", nargs="*", metavar="workload", help=f"of {', '.join(WORKLOADS)}; else all"
    )
    args = parser.parse_args()
    if unknown := set(args.workloads) - set(WORKLOADS):
        parser.error(f"no workload {', '.join(unknown)}; one of: {', '.join(WORKLOADS)}")
    about = "; ".join((results.machine(), results.versions(), str(date.today())))
    print(about.replace("; ", "\n"), flush=True)
    sizes.say()
    print(f"{'':122} ours is faster by, memory")
    for name in args.workloads or WORKLOADS:
        print(f"{name}:", flush=True)
        rows = []
        with tempfile.TemporaryDirectory() as folder:
            for row in WORKLOADS[name](Path(folder, name), args.photos):
                row.benchmark, row.about = name, about
                rows.append(row)
                print(results.line(row), flush=True)
        # After each, and beside those of the others, so that a long measurement need not end.
        if sizes.SIZES is sizes.FULL:
            results.replace(rows, list(WORKLOADS))


if __name__ == "__main__":
    errors.run(main)
