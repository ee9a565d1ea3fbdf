"""Swap labels, run the quick study, and see whether suspects.csv finds them.

    .venv/bin/python benchmarks/swapped_labels.py my_photos.zip

A copy of the photos, a folder for each class, has one in twenty moved to the folder of another class. The
study runs in a copy of the program, by folds, so that each photo is judged by networks which have not seen
it. Prints what share of the swapped photos is among the tenth of the photos that is most suspect, and where
each is.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import shutil
import sys
import tempfile
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))
import photos
from ablation.photos import indexing
from ablation.results import suspects
from ablation.running import errors
from ablation.running.errors import UserError
from commands import timed
from copies import project, snakemake
from sizes import say
from splits import smaller

SHARE = 0.05
# Of the photos, most suspect first, that a person would look at.
LOOKED_AT = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, help="an archive or a folder")
    parser.add_argument("--seed", type=int, default=0, help="which labels are swapped (default: 0)")
    parser.add_argument("--folds", type=int, default=5, help="of the study (default: 5)")
    args = parser.parse_args()
    say()
    with tempfile.TemporaryDirectory() as folder:
        source = photos.source(args.photos, Path(folder))
        moved = swap(source, Path(folder, "swapped"), args.seed)
        own = project(Path(folder, "project"))
        quick = own / "studies/quick.yaml"
        quick.write_text(yaml.safe_dump(smaller(yaml.safe_load(quick.read_text(encoding="utf-8")))))
        seconds = timed(command(own, Path(folder, "swapped"), args.folds), own, Path(folder, "log"))
        ranking = read(own / "results/comparison/swapped/quick" / suspects.FILE)
    swapped = f"{len(moved)} of {len(ranking)} labels swapped by seed {args.seed}"
    print(f"{swapped}; the study took {seconds:.0f} s")
    print(report(places(moved, ranking), len(ranking)))


def command(own: Path, swapped: Path, folds: int) -> list[str]:
    """Return the command that runs the quick study by folds in a copy of the program."""
    config = ["study=quick", f"dataset={swapped}", f"split={{folds: {folds}}}"]
    return snakemake(own, "--cores", "all", "--config", *config)


def swap(source: Path, folder: Path, seed: int) -> list[str]:
    """Copy photos into class folders, some into one of another class; return the new paths of those.

    Which ones, one in twenty and at least one, and where to, is drawn by the seed: each other class is as
    likely. Raises UserError for what a study would refuse, such as photos of one class.
    """
    entries = sorted(indexing.index(source, 0.7, 0).entries, key=lambda entry: entry.file)
    classes = sorted({entry.category for entry in entries})
    generator = random.Random(seed)
    drawn = set(generator.sample(range(len(entries)), max(1, round(SHARE * len(entries)))))
    moved = []
    for number, entry in enumerate(entries):
        label = entry.category
        if number in drawn:
            label = generator.choice([one for one in classes if one != label])
        # A number of its own, since two classes may have photos of one name.
        path = Path(label, f"{number:06d}{Path(entry.file).suffix}")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / entry.file, folder / path)
        if number in drawn:
            moved.append(path.as_posix())
    return moved


def read(path: Path) -> list[str]:
    """Return the photos of suspects.csv, the most suspect first; raises UserError if it ranks none."""
    with path.open(encoding="utf-8", newline="") as file:
        ranking = [row["file"] for row in csv.DictReader(file)]
    if not ranking:
        raise UserError("no run is told from always guessing the commonest class: give more photos")
    return ranking


def places(moved: list[str], ranking: list[str]) -> list[int]:
    """Return the places of the photos in the ranking, from 1, sorted; ValueError if one is not in it."""
    return sorted(ranking.index(one) + 1 for one in moved)


def report(found: list[int], photos: int) -> str:
    """Say how many of the places are in the part that is looked at, and where they are."""
    limit = math.ceil(LOOKED_AT * photos)
    within = sum(place <= limit for place in found)
    return (
        f"{within} of {len(found)} swapped photos ({within / len(found):.0%}) are among the first {limit} of "
        f"{photos}; their places: {', '.join(map(str, found))}"
    )


if __name__ == "__main__":
    errors.run(main)
