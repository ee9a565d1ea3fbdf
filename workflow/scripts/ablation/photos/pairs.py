"""duplicates.csv: pairs of photos that are the same one, and whether training and validation share it.

The Snakefile imports this: it needs the standard library only.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from ablation.running import files
from ablation.running.errors import UserError

FILE = "duplicates.csv"
IDENTICAL = "identical"
NEAR = "near"


@dataclass(frozen=True)
class Pair:
    """Two photos that are the same one, in the manifest's order, each with its category and split.

    `kind` is identical (byte for byte) or near (encoded again), `distance` the bits in which the
    perceptual hashes differ, 0 if identical.
    """

    first: str
    first_category: str
    first_split: str
    second: str
    second_category: str
    second_split: str
    kind: str
    distance: int

    @property
    def across(self) -> bool:
        """Whether one of the two trains and the other validates."""
        return self.first_split != self.second_split

    @property
    def contradictory(self) -> bool:
        """Whether the two are labelled differently."""
        return self.first_category != self.second_category

    def __str__(self) -> str:
        return (
            f"{self.first} ({self.first_category}, {self.first_split}) and "
            f"{self.second} ({self.second_category}, {self.second_split}), {self.kind}"
        )


def write(pairs: Iterable[Pair], path: Path) -> None:
    """Write pairs as CSV, its header the fields of `Pair`."""
    with files.atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Pair))
        writer.writerows(astuple(pair) for pair in pairs)


def read(path: Path) -> list[Pair]:
    """Return the pairs of a duplicates.csv; none if there is no such file.

    Raises `UserError` if it is damaged.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, strict=True)
        if header != [field.name for field in fields(Pair)]:
            raise ValueError("its first line is another")
        return [_pair(*row) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise UserError(f"{path} is damaged ({error}): delete it and run again") from error


def across(path: Path) -> int:
    """Return how many pairs of a duplicates.csv lie across the split, as `read` finds them."""
    return sum(pair.across for pair in read(path))


def _pair(
    first: str,
    first_category: str,
    first_split: str,
    second: str,
    second_category: str,
    second_split: str,
    kind: str,
    distance: str,
) -> Pair:
    one, other = (first, first_category, first_split), (second, second_category, second_split)
    return Pair(*one, *other, kind, int(distance))
