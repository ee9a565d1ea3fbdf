"""Read label.csv: a header `filename,category`, and a line for each photo beside or below it."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ablation.photos.kinds import SUFFIXES
from ablation.photos.tree import UNWRITABLE, Tree
from ablation.photos.wording import nfc, short, some
from ablation.running.errors import UserError

LABELS = "label.csv"
_COLUMNS = ("filename", "category")
# What no data set has, and what a forged archive can make.
_MOST_LABEL_BYTES = 100 * 1024**2


def read(tree: Tree, top: PurePosixPath) -> list[tuple[PurePosixPath, str]]:
    """Return (photo, class) of what `label.csv` in `top` names, which must be exactly the photos there.

    Photos are relative to the tree's root. Raises `UserError` for anything that leaves a photo's class in
    doubt, naming the line where there is one.
    """
    where = tree.root / top / LABELS
    photos = {
        str(photo.relative_to(top)) for photo in tree.photos if top == photo.parent or top in photo.parents
    }
    labels = _checked(where, photos)
    missing = sorted(set(labels) - photos)
    # Not Path.is_file, which raises where a name is too long for any file.
    if others := [name for name in missing if os.path.isfile(where.parent / name)]:  # noqa: PTH113
        raise UserError(
            f"{where} names {some(others, 'file', 'files')} that cannot be used as photos: "
            f"use visible files that end in {', '.join(SUFFIXES)}, or delete their lines"
        )
    if missing:
        verb = "does" if len(missing) == 1 else "do"
        raise UserError(
            f"{where} names {some(missing)} that {verb} not exist: add them or delete their lines"
        )
    if unlabelled := sorted(photos - set(labels)):
        raise UserError(f"{where} has no line for {some(unlabelled)}: add the lines or remove the photos")
    return [(top / name, nfc(category)) for name, category in labels.items()]


def _checked(path: Path, photos: set[str]) -> dict[str, str]:
    """Return the class of each file named in a label.csv, checking every line.

    A name that differs from one of `photos` only in how accents are stored stands for that photo: macOS
    takes names apart (NFD) that other programs write composed (NFC).
    """
    composed: dict[str, list[str]] = defaultdict(list)
    for photo in photos:
        composed[nfc(photo)].append(photo)
    labels: dict[str, str] = {}
    for line, name, category in _rows(path):
        where = f"{path}, line {line}"
        if not name:
            raise UserError(f"{where} has no filename: fill it in or delete the line")
        if not category:
            raise UserError(f"{where} has no category for {short(name)}: fill it in or delete the line")
        if UNWRITABLE.search(name + category):
            raise UserError(f"{where} holds a line break or control character: look for an unclosed quote")
        posix = PurePosixPath(name)
        if posix.is_absolute() or ".." in posix.parts:
            raise UserError(
                f"{where} names {short(name)}: name files in the folder of {LABELS}, without / or .. first"
            )
        file = str(posix)
        alike = composed[nfc(file)]
        if file not in photos and len(alike) == 1:
            file = alike[0]
        if file in labels:
            known = labels[file]
            remedy = "delete one of the lines" if known == category else "keep the line that is right"
            doubt = "twice" if known == category else f"as {short(known)} and as {short(category)}"
            raise UserError(f"{where} labels {short(file)} {doubt}: {remedy}")
        labels[file] = category
    if not labels:
        raise UserError(f"{path} names no photos: add a line filename,category for each photo")
    return labels


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line number, file name, category) of the lines that are not blank, spaces stripped."""
    try:
        if path.stat().st_size > _MOST_LABEL_BYTES:
            raise UserError(
                f"{path} has more than {_MOST_LABEL_BYTES} bytes: make sure that it is a label file"
            )
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, skipinitialspace=True)
            header = [name.strip().lower() for name in next(reader, [])]
            _check_header(path, header)
            name, category = (header.index(column) for column in _COLUMNS)
            for row in reader:
                cells = [cell.strip() for cell in row]
                if not any(cells):
                    continue
                too_few = len(cells) <= max(name, category)
                if too_few or any(cells[len(header) :]):
                    raise UserError(
                        f"{path}, line {reader.line_num} has {len(cells)} columns where the header has "
                        f"{len(header)}: separate by commas, and quote names that hold a comma"
                    )
                yield reader.line_num, cells[name], cells[category]
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error.reason}): save it as UTF-8 CSV") from error
    except csv.Error as error:
        raise UserError(
            f"{path} is not a CSV file ({error}): mend the line or save it again as CSV"
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): mend its permissions") from error


def _check_header(path: Path, header: list[str]) -> None:
    for column in _COLUMNS:
        if header.count(column) != 1:
            state = "no" if column not in header else "more than one"
            raise UserError(f"{path} has {state} column {column}: make its first line filename,category")
