"""Export the winner of the quick study of an archive, and classify its photos in every layout by both forms.

    .venv/bin/python benchmarks/exported.py my_photos.zip

The study and the export run in a fresh copy of the program. Then the same photos lie there as folders of
classes, as train/ and val/ of these, as a table beside train/ and test/, and as an archive; each is
classified by PyTorch (`results/predictions/<layout>.csv`) and by the export's predict_onnx.py, which has
onnxruntime only.
Prints the photos of each layout, how many got another class, and the largest difference of a confidence
(0..1); ends with 1 if any photo got another class, or a layout other answers than the first.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))
from ablation.photos import manifest
from ablation.photos.manifest import Entry
from copies import ROOT, overlay, project, snakemake
from sizes import say
from splits import smaller

# What a form says of a photo: its class and the confidence.
Answer = tuple[str, float]
# Photos by the path under which a layout has each.
Place = Callable[[int, Entry], str]


def by_class(number: int, entry: Entry) -> str:
    """A folder for each class."""
    return f"{entry.category}/{number:05}{Path(entry.file).suffix}"


def by_split(number: int, entry: Entry) -> str:
    """train/ and val/ of folders of classes."""
    return f"{entry.split}/{by_class(number, entry)}"


def by_table(number: int, entry: Entry) -> str:
    """train/ and test/, and a table that has the classes of train/."""
    part = "train" if entry.split == manifest.TRAIN else "test"
    return f"{part}/{number:05}{Path(entry.file).suffix}"


LAYOUTS: dict[str, Place] = {"classes": by_class, "splits": by_split, "table": by_table}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, help="an archive")
    args = parser.parse_args()
    say()
    with tempfile.TemporaryDirectory() as folder:
        own = project(Path(folder, "project"))
        study = yaml.safe_load((ROOT / "studies/quick.yaml").read_text(encoding="utf-8"))
        config = overlay(own / "exported.yaml", **smaller(study), dataset=str(args.photos.resolve()))

        def make(target: str, *words: str) -> None:
            run(snakemake(own, target, "--cores", "all", "--configfile", config, *words))

        make("results/export/winner")
        (index,) = own.glob("resources/datasets/*/manifest.csv")
        entries = manifest.read(index)
        first: dict[str, Answer] = {}
        wrong = False
        print("| layout | photos | another class | largest difference |\n|---|---|---|---|")
        for layout in (*LAYOUTS, "archive"):
            photos = own / "layouts" / layout
            place = LAYOUTS.get(layout, by_class)
            names = lay(entries, index.with_name("photos"), photos, place)
            given = photos
            if layout == "archive":
                given = Path(shutil.make_archive(str(photos), "zip", photos))
            make(f"results/predictions/{layout}.csv", "--config", f"photos={given}")
            pytorch = table(own / f"results/predictions/{layout}.csv")
            onnx = exported(own / "results/export/winner/predict_onnx.py", photos, list(names))
            if pytorch.keys() != names.keys() or onnx.keys() != names.keys():
                sys.exit(f"error: of {layout} not all photos were classified")
            other = [name for name in names if onnx[name][0] != pytorch[name][0]]
            difference = max(abs(onnx[name][1] - pytorch[name][1]) for name in names)
            print(f"| {layout} | {len(names)} | {len(other)} | {difference:.2g} |", flush=True)
            answers = {names[name]: pytorch[name] for name in names}
            first = first or answers
            wrong |= bool(other) or answers != first
    if wrong:
        sys.exit("error: the forms or the layouts disagree")


def lay(entries: list[Entry], root: Path, folder: Path, place: Place) -> dict[str, str]:
    """Lay the photos of a data set out anew; return by their new names the old ones."""
    names = {place(number, entry): entry for number, entry in enumerate(entries)}
    for name, entry in names.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / entry.file, folder / name)
    if place is by_table:
        rows = [(Path(name).name, one.category) for name, one in names.items() if one.split == manifest.TRAIN]
        with (folder / "train.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("id", "label"), *rows])
    return {name: entry.file for name, entry in names.items()}


def table(path: Path) -> dict[str, Answer]:
    """Return what a table of predictions says of each photo."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["file"]: (row["class"], float(row["confidence"])) for row in csv.DictReader(file)}


def exported(script: Path, root: Path, names: list[str]) -> dict[str, Answer]:
    """Return what the script of an export says of photos."""
    told = run([sys.executable, "-I", str(script), *(str(root / name) for name in names)]).stdout
    cells = [line.split("\t") for line in told.splitlines()]
    return {
        name: (category, float(confidence))
        for name, (_, category, confidence) in zip(names, cells, strict=True)
    }


def run(command: list[str]) -> Any:
    """Run a command to its end."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nerror: {command[:4]} ended with {done.returncode}")
    return done


if __name__ == "__main__":
    main()
