"""duplicates.csv: pairs of photos that are the same or nearly so, and what training and validation share.

The Snakefile imports this: it needs the standard library only.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from ablation.running import files
from ablation.running.errors import UserError

FILE = "duplicates.csv"
IDENTICAL = "identical"
NEAR = "near"
# For people.
WORDS = {IDENTICAL: "identical", NEAR: "nearly the same"}


@dataclass(frozen=True)
class Pair:
    """Two photos that are the same or nearly so, in the manifest's order: a row of duplicates.csv."""

    first: str
    """The one photo's path, as the manifest's `file`."""
    first_category: str
    """Its class."""
    first_split: str
    """`train`, `val` or `test`."""
    second: str
    """The other photo's path."""
    second_category: str
    """Its class."""
    second_split: str
    """`train`, `val` or `test`."""
    kind: str
    """`identical`, byte for byte, or `near`: encoded again, or alike but for a detail."""
    distance: int
    """The bits of 256 in which the perceptual hashes differ; 0 if identical."""

    @property
    def across(self) -> bool:
        """Whether the two are for different things, as one that trains and one that validates."""
        return self.first_split != self.second_split

    @property
    def contradictory(self) -> bool:
        """Whether the two are labelled differently."""
        return self.first_category != self.second_category

    def __str__(self) -> str:
        return (
            f"{self.first} ({self.first_category}, {self.first_split}) and "
            f"{self.second} ({self.second_category}, {self.second_split}), {WORDS[self.kind]}"
        )


def write(pairs: Iterable[Pair], path: Path) -> None:
    """Write pairs as CSV, its header the fields of `Pair`."""
    files.write_rows(path, Pair, pairs)


def counted(pairs: Iterable[Pair]) -> str:
    """Return such as `3 pairs of photos (2 identical, 1 nearly the same)`."""
    kinds = Counter(pair.kind for pair in pairs)
    told = ", ".join(f"{kinds[kind]:,} {words}" for kind, words in WORDS.items() if kinds[kind])
    return f"{kinds.total():,} {'pair' if kinds.total() == 1 else 'pairs'} of photos ({told})"


def read(path: Path) -> list[Pair]:
    """Return the pairs of a duplicates.csv; none if there is no such file. Raises `UserError` if damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = [dict(row) for row in reader]
        if reader.fieldnames != [field.name for field in fields(Pair)]:
            raise ValueError("its first line is another")
        found = [Pair(**{**row, "distance": int(row["distance"])}) for row in rows]
        if not {pair.kind for pair in found} <= WORDS.keys():
            raise ValueError("a kind that there is not")
        return found
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise UserError(f"{path} is damaged ({error}): delete it and run again") from error
