"""The manifest: every photo of a data set with its hash, its label and what it is for.

It is made once per data set and seed, and everything later reads it instead of looking again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from ablation.photos import classes
from ablation.running import files
from ablation.running.errors import UserError

FILE = "manifest.csv"
TRAIN = "train"
VAL = "val"
TEST = "test"


@dataclass(frozen=True)
class Entry:
    """One photo: a row of manifest.csv."""

    file: str
    """The photo's posix path under the data set's folder."""
    sha256: str
    """The hash of the file's bytes, 64 hexadecimal digits."""
    label: int
    """The class's number, 0 to C - 1: by number if all names are integers, else by name."""
    category: str
    """The class's name."""
    split: str
    """`train`, `val` or `test`; under folds (photos/folds.py) the first two take turns."""


def write(entries: Iterable[Entry], path: Path) -> None:
    """Write a manifest as CSV with the header file,sha256,label,category,split."""
    files.write_rows(path, Entry, entries)


def read(path: Path) -> list[Entry]:
    """Read a manifest that `write` wrote; raise `UserError` when it is missing or damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, strict=True))
        return _parsed(rows)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist: run the workflow from the data set on") from error
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path} is damaged ({error}): delete it and run again") from error


# --- validating ------------------------------------------------------------------------------------


def _parsed(rows: list[list[str]]) -> list[Entry]:
    """Turn rows into entries; raise `ValueError` where they are not what `indexing.index` makes."""
    header = [field.name for field in fields(Entry)]
    if not rows or rows[0] != header:
        raise ValueError(f"its first line is not {','.join(header)}")
    entries = [_entry(line, row) for line, row in enumerate(rows[1:], start=2)]
    if len({entry.file for entry in entries}) != len(entries):
        raise ValueError("it names a photo twice")
    if entries != sorted(entries, key=lambda entry: (entry.label, entry.file)):
        raise ValueError("its lines are out of order")
    names = sorted({(entry.label, entry.category) for entry in entries})
    if names != list(enumerate(classes.ordered(entry.category for entry in entries))) or len(names) < 2:
        raise ValueError("its labels do not number its categories")
    parts = {(entry.label, entry.split) for entry in entries if entry.split != TEST}
    if len(parts) != 2 * len(names):
        raise ValueError("a category lacks photos to train on or to validate")
    return entries


def _entry(line: int, row: list[str]) -> Entry:
    if len(row) != len(fields(Entry)):
        raise ValueError(f"line {line} has {len(row)} columns")
    file, digest, label, category, split = row
    path = PurePosixPath(file)
    if not file or path.is_absolute() or ".." in path.parts:
        raise ValueError(f"line {line} names the file {file!r}")
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError(f"line {line} has no SHA-256")
    if not re.fullmatch("[0-9]{1,9}", label):
        raise ValueError(f"line {line} has the label {label!r}")
    if not category or split not in (TRAIN, VAL, TEST):
        raise ValueError(f"line {line} lacks a category or split")
    return Entry(file, digest, int(label), category, split)
