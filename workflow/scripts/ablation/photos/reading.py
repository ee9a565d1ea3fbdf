"""How a data set was read: its photos with classes and split, what waits for prediction, what is left out.

`reading.json` keeps for people and for the end of a run what the manifest does not: the Snakefile reads it,
so this needs the standard library only.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ablation.photos.tree import LeftOut
from ablation.photos.wording import some
from ablation.running.errors import UserError
from ablation.running.files import write_text

FILE = "reading.json"
# How a note begins that is said again at the end of every run.
MIND = "Mind: "


@dataclass(frozen=True)
class Photo:
    """One photo: its posix path relative to the data set's root, its class, its split if given.

    The class's name is in Unicode's composed form (NFC), whichever the program that wrote it used. `split`
    is train, val, test or None.
    """

    file: str
    category: str
    split: str | None


@dataclass(frozen=True)
class Waiting:
    """A photo of a test set that has no label, or one that the study does not know."""

    file: str
    """Its posix path under the data set's folder."""


@dataclass(frozen=True)
class Reading:
    """What `layouts.find` makes of a folder. All but `notes` are sorted by file.

    All but `photos` are kept in reading.json.
    """

    photos: tuple[Photo, ...]
    waiting: tuple[Waiting, ...] = ()
    """Photos of a test set without a label, which wait for prediction."""
    left_out: tuple[LeftOut, ...] = ()
    """Files that have no part in the study."""
    notes: tuple[str, ...] = ()
    """What was taken for what, a line each: the layout, the table and its columns, a kept split."""


def counted(left_out: Iterable[LeftOut]) -> list[str]:
    """Return a phrase for each kind of what is left out, the commonest first: `2 .txt (a.txt, b.txt)`.

    Behind a colon, the reason of a single file, such as a bad photo's, makes no kind of its own.
    """
    kinds: dict[str, list[str]] = defaultdict(list)
    for one in left_out:
        kinds[one.why.partition(":")[0]].append(one.file)
    order = sorted(kinds.items(), key=lambda kind: (-len(kind[1]), kind[0]))
    return [some(names, why, why) for why, names in order]


def write(path: Path, reading: Reading, **more: Any) -> None:
    """Write `reading.json`: notes, waiting and left_out, and what else is to be kept, as JSON."""
    kept = {key: value for key, value in asdict(reading).items() if key != "photos"}
    write_text(path, json.dumps(kept | more, ensure_ascii=False, indent=1) + "\n")


def read(path: Path) -> dict[str, Any] | None:
    """Return what `write` wrote, as it stands in the JSON; None if there is no such file.

    Raises `UserError` if it is damaged.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(found[key], list) for key in ("left_out", "waiting", "notes")):
            raise ValueError("no lists")
        return found
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged ({error}): delete it and run again") from error
