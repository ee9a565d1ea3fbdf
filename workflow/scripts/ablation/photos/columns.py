"""Which columns of a table hold the photos' names, their classes and their split, by names and by content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ablation.photos import splits
from ablation.photos.matching import Match, Names
from ablation.photos.tables import Table
from ablation.photos.wording import nfc, short, some
from ablation.running.errors import UserError

_PHOTO = {
    *(
        "filename",
        "filenames",
        "file_name",
        "file",
        "files",
        "fname",
        "path",
        "paths",
        "filepath",
        "file_path",
    ),
    *("image", "images", "image_id", "imageid", "image_name", "imagename", "image_path", "image_file"),
    *("img", "img_id", "img_name", "img_path", "photo", "photos", "photo_id", "photo_name", "picture"),
}
_PHOTO_OR_LABEL = {"id", "name"}
# The first that has a column of the table decides; `name` and `id` may as well be of something else.
_LABEL_TIERS: tuple[tuple[str, ...], ...] = (
    (
        *("label", "labels", "class", "classes", "category", "categories", "class_name", "classname"),
        *("label_name", "labelname", "category_name", "class_label", "target", "targets"),
    ),
    (
        *("species", "breed", "variety", "cultivar", "diagnosis", "dx", "disease", "y"),
        *("class_id", "classid", "label_id", "labelid", "category_id", "class_index", "label_index"),
    ),
    ("name", "id", "type", "kind"),
)
_SPLIT = {"split", "set", "subset", "partition", "dataset", "data_set", "usage", "phase"}
_VALIDATES = {"is_valid", "is_val", "is_validation"}
_YES, _NO = {"true", "1", "1.0", "yes"}, {"false", "0", "0.0", "no"}
_INDEX = re.compile(r"(unnamed(:_[0-9]+)?|index)?")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)?(e[+-]?[0-9]+)?", re.IGNORECASE)


@dataclass(frozen=True)
class PhotoColumn:
    """The column of the photos' names, and the photos that each row's name may mean."""

    number: int
    matches: tuple[Match, ...]


@dataclass(frozen=True)
class LabelColumn:
    """The column of the classes, or of one-hot columns all; `usual` if it says by its name what it is."""

    numbers: tuple[int, ...]
    usual: bool

    def value(self, table: Table, row: int) -> str:
        """The class of a row, empty if it has none; raises `UserError` for a row with several 1s."""
        cells = table.rows[row]
        if len(self.numbers) == 1:
            return cells.cell(self.numbers[0])
        on = [table.columns[number] for number in self.numbers if _one(cells.cell(number))]
        if len(on) > 1:
            raise UserError(
                f"{table.path}, line {cells.line} marks {some(on, 'class', 'classes')} of one photo, "
                "and a photo of this study has one: leave a 1 in one column of each line"
            )
        return on[0] if on else ""

    def named(self, table: Table) -> str:
        """The column in words."""
        if len(self.numbers) == 1:
            return f"class in column {table.columns[self.numbers[0]]}"
        return f"classes in {some((table.columns[number] for number in self.numbers), 'column', 'columns')}"


@dataclass(frozen=True)
class SplitColumn:
    """The column of the split: of words, or of yes and no to `is it for validation`."""

    number: int
    yes_no: bool

    def value(self, table: Table, row: int) -> str:
        """The part of a row. Raises `UserError` for other values than the usual words."""
        cell = table.rows[row].cell(self.number)
        part = _validates(cell) if self.yes_no else splits.of_word(cell)
        if part is None:
            allowed = "True or False" if self.yes_no else "train, val or test"
            raise UserError(
                f"{table.path}, line {table.rows[row].line} has {short(cell)!r} in column "
                f"{table.columns[self.number]}: write {allowed}, or give the column another name if it "
                "is no split"
            )
        return part


def header_word(name: str) -> str:
    """A column's name as it is compared: `File Name` is file_name."""
    return re.sub(r"[\s\-.]+", "_", nfc(name).casefold()).strip("_")


def named(table: Table, name: str) -> int:
    """Return the number of the column of this name, in any case; raises `UserError` unless it is one."""
    found = [number for number, one in enumerate(table.columns) if nfc(one) == nfc(name)]
    found = found or [n for n, one in enumerate(table.columns) if header_word(one) == header_word(name)]
    if len(found) != 1:
        state = "more than one" if found else "no"
        raise UserError(
            f"{table.path} has {state} column {short(name)} ({_listed(table)}): write one of these "
            "under labels"
        )
    return found[0]


def with_header_or_without(table: Table, names: Names) -> Table:
    """Return a table whose first line already names a photo, as those below it do, as one without a header.

    Below it, for a class may be called 7 as a photo is, and have a column of 0 and 1 of its own.
    """
    words = {header_word(name) for name in table.columns}
    if words & (_PHOTO | _PHOTO_OR_LABEL | _SPLIT | _VALIDATES | {*_LABEL_TIERS[0], *_LABEL_TIERS[1]}):
        return table
    # Any text file of numbers may begin with that of a photo.
    whole = table.path.suffix.lower() == ".txt"
    for number, match in enumerate(map(names.match, table.first.cells)):
        if match.photos and (match.whole or not whole):
            below = {one.photos for one in _matched(table, number, names).matches if one.photos}
            if len(below) * 2 > len(table.rows) or not table.rows:
                return table.without_header()
    return table


# --- the photos' names -----------------------------------------------------------------------------


def photo_column(table: Table, names: Names) -> PhotoColumn | None:
    """Return the column of which more than half of the values are photos' names; None if there is none.

    Of several, the one with the most whole names, then with the most different photos, then with a usual
    name. Raises `UserError` where two that are equal in this mean different photos.
    """
    found: list[tuple[tuple[int, int, bool], PhotoColumn]] = []
    for number, name in enumerate(table.columns):
        column = _matched(table, number, names)
        hits = [match for match in column.matches if match.photos]
        if len(hits) * 2 <= len(table.rows):
            continue
        usual = header_word(name) in _PHOTO | _PHOTO_OR_LABEL
        merit = (sum(match.whole for match in hits), len({match.photos for match in hits}), usual)
        found.append((merit, column))
    if not found:
        return None
    best = max(merit for merit, _ in found)
    equal = [column for merit, column in found if merit == best]
    if any(one.matches != other.matches for one, other in pairwise(equal)):
        raise UserError(
            f"{table.path} names photos in {_examples(table, [one.number for one in equal])}: say which are "
            f"meant, as {written(file=str(table.file), photo=table.columns[equal[0].number])} in config.yaml"
        )
    return equal[0]


def claimed_photo_column(table: Table, names: Names) -> PhotoColumn | None:
    """Return the column that is called like one of photos' names, if another is like one of classes."""
    words = [header_word(name) for name in table.columns]
    claims = [number for number, word in enumerate(words) if word in _PHOTO]
    if not claims or not any(word in (*_LABEL_TIERS[0], *_LABEL_TIERS[1]) for word in words):
        return None
    return _matched(table, claims[0], names)


def asked_photo_column(table: Table, name: str, names: Names) -> PhotoColumn:
    """Return the column that the configuration names."""
    return _matched(table, named(table, name), names)


def _matched(table: Table, number: int, names: Names) -> PhotoColumn:
    return PhotoColumn(number, tuple(names.match(value) for value in table.column(number)))


# --- the split -------------------------------------------------------------------------------------


def split_column(table: Table, photo: int, asked: str | None) -> SplitColumn | None:
    """Return the column of the split: the one asked for, or one with a usual name and usual values."""
    if asked is not None:
        number = named(table, asked)
        return SplitColumn(number, all(map(_validates, table.column(number))))
    for number, name in enumerate(table.columns):
        word, values = header_word(name), table.column(number)
        if number == photo:
            continue
        if word in _VALIDATES:
            return SplitColumn(number, yes_no=True)
        if word in _SPLIT and any(map(splits.of_word, values)):
            return SplitColumn(number, yes_no=False)
    return None


def _validates(cell: str) -> str | None:
    word = cell.strip().lower()
    return splits.VAL if word in _YES else splits.TRAIN if word in _NO else None


# --- the classes -----------------------------------------------------------------------------------


def label_column(table: Table, photo: PhotoColumn, split: int | None, names: Names) -> LabelColumn | None:
    """Return the column of the classes, or the one-hot columns; None if there is no other column at all.

    Usual names go first, and among those of the same classes text before its own numbering; then the only
    other column; then one-hot ones. Raises `UserError` where several might be meant.
    """
    others = [number for number in range(len(table.columns)) if number not in (photo.number, split)]
    if (usual := _usual(table, others)) is not None:
        return LabelColumn((usual,), header_word(table.columns[usual]) not in _LABEL_TIERS[2])
    others = [n for n in others if table.columns[n] and not _INDEX.fullmatch(header_word(table.columns[n]))]
    others = [number for number in others if _matched(table, number, names).matches != photo.matches]
    if len(others) < 2:
        return LabelColumn((others[0],), usual=False) if others else None
    marks = [[_one(row.cell(number)) for number in others] for row in table.rows]
    if all(mark is not None for row in marks for mark in row):
        return LabelColumn(tuple(others), usual=all(row.count(True) == 1 for row in marks))
    raise _unclear(table, photo.number, others)


def _usual(table: Table, others: Sequence[int]) -> int | None:
    words = {number: header_word(table.columns[number]) for number in others}
    for tier in _LABEL_TIERS:
        found = [number for number in others if words[number] in tier]
        if not found:
            continue
        if len({words[number] for number in found}) < len(found):
            named(table, next(table.columns[n] for n in found if list(words.values()).count(words[n]) > 1))
        if any(not _same_classes(table, found[0], number) for number in found):
            raise _unclear(table, None, found)
        every = {name for names in _LABEL_TIERS for name in names}
        texts = [n for n in others if words[n] in every or words[n].endswith("_name")]
        texts = [n for n in (*found, *texts) if not _numbers(table, n) and _same_classes(table, found[0], n)]
        # Of as many classes as lines, anything that differs from line to line is another name.
        if not _numbers(table, found[0]) or len(set(table.column(found[0]))) == len(table.rows):
            return found[0]
        return texts[0] if texts else found[0]
    return None


def _same_classes(table: Table, one: int, other: int) -> bool:
    """Tell whether two columns part the lines into the same classes."""
    pairs = set(zip(table.column(one), table.column(other), strict=True))
    return len(pairs) == len(set(table.column(one))) == len(set(table.column(other)))


def _numbers(table: Table, number: int) -> bool:
    return all(_NUMBER.fullmatch(cell) for cell in table.column(number))


def _one(cell: str) -> bool | None:
    """Tell 1 from 0, as one-hot columns have them; None for anything else."""
    return {"1": True, "1.0": True, "0": False, "0.0": False}.get(cell)


def _unclear(table: Table, photo: int | None, columns: Sequence[int]) -> UserError:
    of = "" if photo is None else f" of the photos in column {short(table.columns[photo])}"
    return UserError(
        f"{table.path} may hold the classes{of} in {_examples(table, columns)}: say which column does, as "
        f"{written(file=str(table.file), label=table.columns[columns[0]])} in config.yaml"
    )


# --- words -----------------------------------------------------------------------------------------


def written(**asked: str) -> str:
    """Return `labels: {...}` as config.yaml takes it."""
    plain = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)$)[A-Za-z_][\w./-]*", re.IGNORECASE)
    values = (f"{key}: {one if plain.fullmatch(one) else _quoted(one)}" for key, one in asked.items())
    return f"labels: {{{', '.join(values)}}}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _listed(table: Table) -> str:
    return some(table.columns, "column", "columns")


def _examples(table: Table, columns: Sequence[int]) -> str:
    shown = []
    for number in columns:
        values = list(dict.fromkeys(value for value in table.column(number) if value))[:2]
        shown.append(f"{short(table.columns[number])}: {' and '.join(map(short, values)) or 'nothing'}")
    return some(shown, "column", "columns")
