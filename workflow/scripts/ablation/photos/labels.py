"""Choose which tables, and which of their columns, say the classes of the photos that they lie with."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath

from ablation.photos import columns, label_lines, splits, tables
from ablation.photos.columns import LabelColumn, PhotoColumn, written
from ablation.photos.folders import Folders
from ablation.photos.label_lines import LabelTable, Line
from ablation.photos.matching import Names
from ablation.photos.tables import Table
from ablation.photos.tree import Tree
from ablation.photos.wording import short, some
from ablation.running.errors import UserError

# What a table is called that holds labels and nothing else, and what hints at it.
_LABELS = {"label", "labels"}
_HINTS = re.compile(r"label|class|annotation|truth|train|val|test", re.IGNORECASE)
# A form to hand in guesses in, as Kaggle gives it: it names photos beside classes that mean nothing.
_FORM = re.compile(r"submission", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What the configuration says of labels: that folders hold them, or of a table its file and columns."""

    folders: bool = False
    file: str | None = None
    photo: str | None = None
    label: str | None = None
    split: str | None = None

    @classmethod
    def from_json(cls, text: str | None) -> Asked:
        """Return what `--labels` holds: `"folders"` or a mapping of the other fields; None for nothing."""
        found = json.loads(text) if text else {}
        return cls(folders=True) if found == "folders" else cls(**found)

    @property
    def names_columns(self) -> list[str]:
        """The columns that it names."""
        return [name for name in (self.photo, self.label, self.split) if name is not None]


@dataclass
class Labels:
    """What all tables say: a line for each photo that they label.

    `waiting` are photos that only lists of a test set name.
    `refusal` is why a table was not used that might hold labels.
    """

    lines: dict[PurePosixPath, Line] = field(default_factory=dict)
    waiting: set[PurePosixPath] = field(default_factory=set)
    used: list[PurePosixPath] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refusal: UserError | None = None


def read(tree: Tree, folders: Folders, asked: Asked) -> Labels:
    """Return what the tables of a data set say of its photos.

    Tables whose columns do not say by their names that they hold classes count only where the folders make
    no classes. Raises `UserError` for a line that leaves a photo's class in doubt, for tables that contradict
    each other, and where what is asked for is not there.
    """
    found = Labels()
    if asked.folders:
        return found
    understood: list[LabelTable] = []
    names_of = _names_of(tree)
    for file in _files(tree, asked):
        try:
            one = _understood(tree, file, asked, names_of)
        except UserError as error:
            if asked.file is not None or _is_label_file(file):
                raise
            found.refusal = found.refusal or error
            continue
        if one is not None:
            understood.append(one)
    if asked != Asked() and not any(one.label for one in understood):
        raise _nothing_asked_for(tree, asked)
    for one in _chosen(understood, asked, folders):
        _add(found, one, label_lines.lines(tree, one, folders))
    for one in understood:
        if _is_list(one):
            photos = (match.photos for match in one.photo.matches)
            found.waiting |= {names[0] for names in photos if len(names) == 1} - found.lines.keys()
    return found


# --- which tables ----------------------------------------------------------------------------------


def _is_label_file(file: PurePosixPath) -> bool:
    return file.stem.lower() in _LABELS and file.suffix.lower() != ".txt"


def _is_list(one: LabelTable) -> bool:
    return bool(_FORM.search(one.table.file.stem)) or one.part == splits.TEST


def _is_clear(one: LabelTable) -> bool:
    return one.label is not None and one.label.usual


def _rank(one: LabelTable) -> int:
    """Return whose labels count where tables contradict each other: the lowest."""
    return 0 if _is_label_file(one.table.file) else 1 if _HINTS.search(one.table.file.stem) else 2


def _files(tree: Tree, asked: Asked) -> tuple[PurePosixPath, ...]:
    if asked.file is None:
        return tree.tables
    file = PurePosixPath(os.path.normpath(asked.file))
    if file not in tree.tables:
        there = f"there {'is' if len(tree.tables) == 1 else 'are'} {some(tree.tables, 'table', 'tables')}"
        raise UserError(
            f"{tree.root} holds no table {short(asked.file)}, which labels.file names: "
            f"{there if tree.tables else 'save one there as CSV'}"
        )
    return (file,)


def _nothing_asked_for(tree: Tree, asked: Asked) -> UserError:
    listed = " and ".join(short(name) for name in asked.names_columns) or "for classes"
    return UserError(
        f"{tree.root} holds no table that names photos and has a column {listed}, as labels asks: it holds "
        f"{some(tree.tables, 'table', 'tables') if tree.tables else 'no tables'}; mend labels in config.yaml"
    )


def _chosen(understood: list[LabelTable], asked: Asked, folders: Folders) -> list[LabelTable]:
    """Return the tables that label photos, those first that count most."""
    if asked.file is not None:
        return understood
    able = [one for one in understood if one.label and not _FORM.search(one.table.file.stem)]
    # A test set's own label column may have any name that the training set's has.
    words = {one.table.columns[one.label.numbers[0]] for one in able if one.label and not _is_list(one)}
    able = [
        one
        for one in able
        if not _is_list(one)
        or _is_clear(one)
        or (one.label and one.table.columns[one.label.numbers[0]] in words)
    ]
    if any(_is_clear(one) for one in able) or (folders.refusal is None and len(folders.classes) > 1):
        able = [one for one in able if _is_clear(one)]
    return sorted(able, key=lambda one: (_rank(one), one.table.file))


def _add(found: Labels, one: LabelTable, lines: dict[PurePosixPath, Line]) -> None:
    """Add what one table says, unless it contradicts one that counts more."""
    for photo, line in lines.items():
        known = found.lines.get(photo)
        if known is None or known == line:
            continue
        if known.category == line.category and None in (known.table_split, line.table_split):
            continue
        before = ", ".join(map(str, found.used))
        if known.category != line.category and _ranks_below(one, found.used):
            found.notes.append(f"{one.table.file} contradicts {before} ({photo}) and is not used")
            return
        raise UserError(
            f"{one.table.path} and {before} contradict each other about {short(photo)}: move one of them "
            f"elsewhere, or write {written(file=found.used[0].as_posix())} in config.yaml"
        )
    for photo, line in lines.items():
        known = found.lines.get(photo, line)
        found.lines[photo] = Line(
            line.category, known.split or line.split, known.table_split or line.table_split
        )
    assert one.label is not None
    named = [f"photos in column {one.table.columns[one.photo.number]}", one.label.named(one.table)]
    if one.split:
        named.append(f"split in column {one.table.columns[one.split.number]}")
    found.used.append(one.table.file)
    found.notes.append(f"labels from {one.table.file}: {', '.join(named)} ({one.table.how})")


def _ranks_below(one: LabelTable, used: list[PurePosixPath]) -> bool:
    return not _is_label_file(one.table.file) and any(
        _is_label_file(file) or (_rank(one) == 2 and _HINTS.search(file.stem)) for file in used
    )


# --- one table -------------------------------------------------------------------------------------

_NamesOf = Callable[[PurePosixPath, PurePosixPath], Names | None]


def _names_of(tree: Tree) -> _NamesOf:
    """Return what gives the names of the photos in a folder, as a table in another folder writes them."""

    @cache
    def names(scope: PurePosixPath, folder: PurePosixPath) -> Names | None:
        photos = tree.photos_in(scope) if scope.parts else tree.photos
        return Names(photos, folder) if photos else None

    return names


def _understood(tree: Tree, file: PurePosixPath, asked: Asked, names_of: _NamesOf) -> LabelTable | None:
    """Return the columns of a table that names photos: those of its own folder, or of one above it."""
    table = tables.read(tree.root, file)
    if table is None:
        if asked.file is not None or _is_label_file(file):
            raise UserError(f"{tree.root / file} holds no table: write a header filename,category and lines")
        return None
    scopes = [names for folder in file.parents if (names := names_of(folder, file.parent))]
    found = next(filter(None, (_photos(table, names, asked) for names in scopes)), None)
    found = found or _claimed(table, scopes[0], asked)
    if found is None:
        return None
    table, photo, names = found
    if asked.file is None and not all(_has(table, name) for name in asked.names_columns):
        return None
    # Of a table that is asked for by its name, the name says nothing else.
    part = splits.of_table(file.stem) if asked.file is None else None
    split = columns.split_column(table, photo.number, asked.split)
    try:
        label = (
            columns.label_column(table, photo, split.number if split else None, names)
            if asked.label is None
            else LabelColumn((columns.named(table, asked.label),), usual=True)
        )
    except UserError:
        if part != splits.TEST or asked.file is not None:
            raise
        label = None
    if label is None and (asked.file is not None or (_is_label_file(file) and part != splits.TEST)):
        raise UserError(f"{table.path} has no column of classes: add one called category")
    return LabelTable(table, photo, label, split, part)


def _has(table: Table, name: str) -> bool:
    return columns.header_word(name) in map(columns.header_word, table.columns)


def _photos(table: Table, names: Names, asked: Asked) -> tuple[Table, PhotoColumn, Names] | None:
    """Return the table with a header of its own or a made one, and the column that names these photos."""
    table = columns.with_header_or_without(table, names)
    if asked.photo is None:
        found = columns.photo_column(table, names)
    elif asked.file is None and not _has(table, asked.photo):
        return None
    else:
        found = columns.asked_photo_column(table, asked.photo, names)
        found = found if any(match.photos for match in found.matches) else None
    return (table, found, names) if found else None


def _claimed(table: Table, names: Names, asked: Asked) -> tuple[Table, PhotoColumn, Names] | None:
    """Return the column that should name photos by its own name, of a table that names few of them."""
    found = columns.claimed_photo_column(table, names)
    if found and (any(match.photos for match in found.matches) or _is_label_file(table.file)):
        return table, found, names
    if found is None and asked.file is None and not _is_label_file(table.file):
        return None
    column = (
        f"column {short(table.columns[found.number])}" if found else some(table.columns, "column", "columns")
    )
    raise UserError(
        f"{table.path} names no photos of this data set in {column}: write the photos' names into it, in a "
        "column filename, or say with labels in config.yaml which table holds the classes"
    )
