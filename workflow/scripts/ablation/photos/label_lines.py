"""Check each line of a table of labels: what it says of which photo."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ablation.photos import splits
from ablation.photos.columns import LabelColumn, PhotoColumn, SplitColumn
from ablation.photos.folders import Folders
from ablation.photos.kinds import SUFFIXES
from ablation.photos.tables import Row, Table
from ablation.photos.tree import UNWRITABLE, Tree
from ablation.photos.wording import nfc, short, some
from ablation.running.errors import UserError


@dataclass(frozen=True)
class LabelTable:
    """A table that names photos, and its columns. `part` is what its own name says of a split."""

    table: Table
    photo: PhotoColumn
    label: LabelColumn | None
    split: SplitColumn | None
    part: str | None


@dataclass(frozen=True)
class Line:
    """What a table says of one photo: its class, its part of a split, and the part its table's name tells."""

    category: str | None
    split: str | None
    table_split: str | None


def lines(tree: Tree, one: LabelTable, folders: Folders) -> dict[PurePosixPath, Line]:
    """Return what a table with a column of classes says of each photo that it names, checking every line.

    Raises `UserError` for the first line that leaves a photo, its class or its part of a split in doubt, for
    lines without a photo, and for a table that names none.
    """
    table, path = one.table, one.table.path
    found: dict[PurePosixPath, Line] = {}
    missing: list[tuple[Row, str]] = []
    assert one.label is not None
    used = max(one.photo.number, *one.label.numbers, one.split.number if one.split else 0)
    for position, row in enumerate(table.rows):
        where = f"{path}, line {row.line}"
        if len(row.cells) <= used or any(row.cells[len(table.columns) :]):
            raise UserError(
                f"{where} has {len(row.cells)} columns where the header has {len(table.columns)} "
                f"({table.how}): quote names that hold a delimiter"
            )
        name, category = row.cell(one.photo.number), one.label.value(table, position)
        if not name:
            raise UserError(f"{where} has no name of a photo: fill it in or delete the line")
        split = one.split.value(table, position) if one.split else None
        if not category and (split or one.part) != splits.TEST:
            raise UserError(f"{where} has no category for {short(name)}: fill it in or delete the line")
        if UNWRITABLE.search(name + category):
            raise UserError(f"{where} holds a line break or control character: look for an unclosed quote")
        meant = one.photo.matches[position].photos
        if not meant:
            missing.append((row, name))
            continue
        if len(meant) > 1:
            meant = _in_part(meant, split or one.part, folders)
        if len(meant) > 1:
            raise UserError(
                f"{where} names {short(name)}, which may be any of {some(meant)}: write the folder too, "
                f"as {short(meant[0])}"
            )
        photo = meant[0]
        if photo in found:
            known = found[photo].category or ""
            remedy = "delete one of the lines" if known == nfc(category) else "keep the line that is right"
            doubt = "twice" if known == nfc(category) else f"as {short(known)} and as {short(category)}"
            here = "" if name == str(photo) else f" (here as {short(name)})"
            raise UserError(f"{where} labels {short(photo)} {doubt}{here}: {remedy}")
        found[photo] = Line(nfc(category) or None, split, one.part)
    if missing:
        raise _without_photo(tree, one, missing)
    if not found:
        raise UserError(f"{path} names no photos: add a line for each photo, as photo.jpg,rose")
    return found


def _in_part(
    photos: tuple[PurePosixPath, ...], part: str | None, folders: Folders
) -> tuple[PurePosixPath, ...]:
    """Return the photos in folders of a part, or without one in none of a test set; all if that is none."""
    split = {photo: folders.places[photo].split for photo in photos}
    left = tuple(photo for photo in photos if (split[photo] == part if part else split[photo] != splits.TEST))
    return left or photos


def _without_photo(tree: Tree, one: LabelTable, missing: Iterable[tuple[Row, str]]) -> UserError:
    """Say of lines whose photo is not there which they are, and whether another file is."""
    folder, listed = tree.root / one.table.file.parent, list(missing)
    # Not Path.is_file, which raises where a name is too long for any file.
    others = [
        (row, name)
        for row, name in listed
        if not (UNWRITABLE.search(name) or ".." in name) and os.path.isfile(folder / name.lstrip("/"))  # noqa: PTH113
    ]
    shown = [f"line {row.line} names {short(name)}" for row, name in others or listed]
    if others:
        return UserError(
            f"{one.table.path} has {some(shown, 'line', 'lines')} with a file that cannot be a photo: "
            f"use visible files that end in {', '.join(SUFFIXES)}, or delete the lines"
        )
    return UserError(
        f"{one.table.path} has {some(shown, 'line', 'lines')} without a photo in the data set: add the "
        "photos or delete the lines"
    )
