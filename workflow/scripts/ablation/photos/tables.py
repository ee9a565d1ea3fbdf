"""Read a table of text as programs write them: with any delimiter and encoding, with a header or without."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ablation.photos.wording import short
from ablation.running.errors import UserError

# What no data set has, and what a forged archive can make.
_MOST_BYTES = 100 * 1024**2
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# Of the start of a file, by which UTF-16 without a mark is told.
_LOOKED_AT = 4096


@dataclass(frozen=True)
class Row:
    """A line that is not blank: its number in the file (of several, the last), its cells without spaces."""

    line: int
    cells: tuple[str, ...]

    def cell(self, column: int) -> str:
        """The text in a column, empty where the line is too short for it."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True)
class Table:
    """A table: its columns' names, its rows, and in words how it was read (`semicolons, UTF-16`).

    `path` is where it lies, `file` the same relative to the data set's root, `first` its first line.
    """

    path: Path
    file: PurePosixPath
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    how: str
    first: Row

    def without_header(self) -> Table:
        """The same, its first line taken for a row: the columns are called 1, 2, ..."""
        numbers = tuple(str(number + 1) for number in range(len(self.columns)))
        how = f"{self.how}, no header"
        return replace(self, columns=numbers, rows=(self.first, *self.rows), how=how)

    def column(self, number: int) -> list[str]:
        """The cells of a column."""
        return [row.cell(number) for row in self.rows]


def read(root: Path, file: PurePosixPath) -> Table | None:
    """Return the table in a file under `root`; None if the file is no table.

    The delimiter is the one by which all lines have as many columns as the first, at least two; where there
    is none, the first by which the first line has two; else all is one column. Columns are named as the
    first line names them. In a `.txt` spaces may part columns, and lines of different lengths or of one
    column are no table. Raises `UserError` if the file cannot be read, is too large, has text in quotes
    without end or is neither UTF-8, UTF-16 nor Windows-1252.
    """
    path = root / file
    text, encoding = _text(path)
    forced, text = _named_delimiter(text)
    loose = path.suffix.lower() != ".txt"
    found = _delimited(path, text, forced, loose) or (None if loose else _spaced(text))
    if found is None:
        return None
    rows, separator = found
    if forced is not None:
        rows = [Row(row.line + 1, row.cells) for row in rows]
    how = ", ".join(part for part in (separator, encoding) if part)
    return Table(path, file, rows[0].cells, tuple(rows[1:]), how, rows[0])


# --- bytes to text ---------------------------------------------------------------------------------


def _text(path: Path) -> tuple[str, str]:
    """Return a file's text and how it is encoded, if not in UTF-8."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(f"{path} has more than {_MOST_BYTES} bytes: make sure that it is a label file")
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): mend its permissions") from error
    try:
        if sixteen := _utf_16(content):
            return content.decode(sixteen).removeprefix("\ufeff"), "UTF-16"
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        first = error
    try:
        if sixteen:
            raise first
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not UTF-8 text ({first.reason}), nor Windows-1252: save it as UTF-8 CSV"
        ) from error
    # A pattern of the whole word would take the square of a long word's time.
    odd = next(place for place, one in enumerate(text) if not one.isascii())
    around = text[max(0, odd - 20) : odd].split("\n")[-1] + text[odd : odd + 20].split("\n")[0]
    return text, f"not UTF-8, read as Windows-1252 (as in {short(around)})"


def _utf_16(content: bytes) -> str | None:
    """Return which UTF-16 it is, by its mark or by the zeros that ASCII has in it at every other byte."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = content[: min(_LOOKED_AT, len(content) // 2 * 2)]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if len(start) >= 4 and min(even, odd) == 0 and max(even, odd) * 4 > len(start):
        return "utf-16-le" if odd else "utf-16-be"
    return None


# --- text to rows ----------------------------------------------------------------------------------


def _named_delimiter(text: str) -> tuple[str | None, str]:
    """Return the delimiter that Excel's first line `sep=;` names, if there is one, and what follows it."""
    first, _, rest = text.partition("\n")
    first = first.rstrip("\r").strip('"')
    if first.lower().startswith("sep=") and len(first) == len("sep=;"):
        return first[-1], rest
    return None, text


def _delimited(path: Path, text: str, forced: str | None, loose: bool) -> tuple[list[Row], str] | None:
    """Return rows and delimiter in words; if `loose`, also where some lines have more or fewer columns."""
    uneven: list[tuple[list[Row], str]] = []
    start = (text.lstrip()[: csv.field_size_limit()].splitlines() or [""])[0]
    for delimiter in [forced] if forced else [one for one in _DELIMITERS if one in start] or [","]:
        try:
            rows = _rows(_parsed(text, delimiter))
        except csv.Error as error:
            raise UserError(
                f"{path} is not a CSV file ({error}): mend the line or save it again as CSV"
            ) from error
        if not rows:
            return None
        columns = len(rows[0].cells)
        found = (rows, _DELIMITERS.get(delimiter, repr(delimiter)) if columns > 1 else "one column")
        if columns > 1 and all(_fits(row, columns) for row in rows):
            return found
        uneven.append(found)
    uneven.sort(key=lambda found: found[1] == "one column")
    return uneven[0] if uneven and loose else None


def _parsed(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    for cells in reader:
        yield reader.line_num, cells


def _rows(lines: Iterable[tuple[int, list[str]]]) -> list[Row]:
    stripped = (Row(line, tuple(cell.strip() for cell in cells)) for line, cells in lines)
    return [row for row in stripped if any(row.cells)]


def _fits(row: Row, columns: int) -> bool:
    """Tell whether a row has so many columns; delimiters at its end do not count."""
    return len(row.cells) >= columns and not any(row.cells[columns:])


def _spaced(text: str) -> tuple[list[Row], str] | None:
    rows = _rows((number, line.split()) for number, line in enumerate(text.splitlines(), 1))
    lengths = {len(row.cells) for row in rows}
    return (rows, "spaces") if len(lengths) == 1 and lengths != {1} else None
