"""Remove the runs that no study has any longer, after asking: of earlier values, of experiments taken out."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from ablation.running import console, errors, unused


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    args = parser.parse_args()
    found = unused.runs(Path("results"))
    if not found:
        console.line("nothing to remove: every run is a study's")
        return
    for folder in found:
        console.line(str(folder))
    told = f"{len(found)} {'folder' if len(found) == 1 else 'folders'}"
    told += f", {sum(map(unused.size, found)) / 1e6:,.0f} MB"
    if not args.yes and input(f"Remove {told}? [y/N] ") != "y":
        console.line("nothing was removed")
        return
    for folder in found:
        shutil.rmtree(folder)
    console.line(f"removed {told}")


if __name__ == "__main__":
    errors.run(main)
