"""Measure one part of `gpu.sh`: its name, the folder for results, and one for what nobody keeps."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow/scripts")]
import results
import sizes
from gpu.parts import PARTS


def main() -> None:
    name, out, scratch = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    sizes.say()
    rows = []
    for row in PARTS[name].measure(out, scratch):
        row.benchmark, row.about = name, "; ".join((results.machine(), results.versions(), str(date.today())))
        rows.append(row)
        print(results.line(row), flush=True)
        results.replace(rows, list(PARTS), out / "results.csv")


if __name__ == "__main__":
    main()
