"""A competition's form: a line for each of its photos, with the class that is predicted."""

from __future__ import annotations

import csv
from pathlib import Path, PurePosixPath

from ablation.photos import tables
from ablation.photos.matching import Names
from ablation.photos.wording import some
from ablation.running.errors import UserError
from ablation.running.files import atomic

COLUMNS = ("filename", "category")


def write(predictions: Path, path: Path, template: Path | None = None) -> None:
    """Write `filename,category` of a table of predictions, in its order.

    A template is a CSV whose first column has the competition's names of its photos: then these, in their
    order, are written under the names of its first two columns. Raises UserError, and writes nothing, unless
    each name means one photo that was classified, and each of those is named.
    """
    with predictions.open(encoding="utf-8", newline="") as file:
        classes = {one["file"]: one["class"] for one in csv.DictReader(file)}
    header, rows = COLUMNS, list(classes.items())
    if template is not None:
        header, rows = filled(template, classes)
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def filled(template: Path, classes: dict[str, str]) -> tuple[tuple[str, str], list[tuple[str, str]]]:
    """Return the header and the lines of a template, whose names may lack suffixes and folders."""
    if not template.is_file():
        raise UserError(f"{template} does not exist: name the competition's file of names")
    table = tables.read(template.parent, PurePosixPath(template.name))
    if table is None:
        raise UserError(f"{template} is no table: save it as CSV, its first column the photos' names")
    names = Names(map(PurePosixPath, classes), PurePosixPath())
    # As any file of names, it may have none for its columns.
    if names.match(table.columns[0]).photos:
        table = table.without_header()
        header = COLUMNS
    else:
        header = table.columns[0], (*table.columns, COLUMNS[1])[1]
    wanted = table.column(0)
    meant = {name: names.match(name).photos for name in wanted}
    missing = [name for name, photos in meant.items() if not photos]
    unclear = [name for name, photos in meant.items() if len(photos) > 1]
    named = {str(photo) for photos in meant.values() for photo in photos}
    unknown = [name for name in classes if name not in named]
    complaints = (
        ("names {} without a prediction", missing),
        ("names {} that may be several photos", unclear),
        ("does not name {} that were classified", unknown),
    )
    if said := [text.format(some(its)) for text, its in complaints if its]:
        raise UserError(
            f"{template} {', and '.join(said)}: give the photos that it names, all of them and no others"
        )
    return header, [(name, classes[str(meant[name][0])]) for name in wanted]
