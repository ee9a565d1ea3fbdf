"""Which photo a table means by a name: with a suffix or without, of another machine, in another case."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ablation.photos.kinds import SUFFIXES
from ablation.photos.tree import UNWRITABLE
from ablation.photos.wording import nfc

# Of a value that may be a path: a system's longest have 4096 bytes.
_LONGEST = 10_000
_DRIVE = re.compile(r"^([A-Za-z]:|[a-z]+:/)(?=/)")


@dataclass(frozen=True)
class Match:
    """The photos that a value may mean: none, one, or several that it fits equally well.

    `whole` says that the value holds the whole name of a photo, suffix included.
    """

    photos: tuple[PurePosixPath, ...] = ()
    whole: bool = False


NOTHING = Match()


class Names:
    """The names of some photos, given relative to the data set's root, as a table in `folder` writes them."""

    def __init__(self, photos: Iterable[PurePosixPath], folder: PurePosixPath) -> None:
        # As a text: tables have many values, and paths take ten times as long.
        self._folder = "" if folder == PurePosixPath() else f"{folder}/"
        self._known: dict[str, Match] = {}
        self._exact: dict[str, PurePosixPath] = {}
        # By name, in any case, by stem, by stem in any case: what fits first is meant.
        self._levels: list[dict[str, list[PurePosixPath]]] = [defaultdict(list) for _ in range(4)]
        for photo in photos:
            self._exact[str(photo)] = photo
            for level, key in zip(self._levels, _keys(photo.name), strict=True):
                level[key].append(photo)
        self._backslashes = any("\\" in path for path in self._exact)

    def match(self, value: str) -> Match:
        """Return the photos that a value of a table may mean.

        It is a path from the table's folder or from the root; else the photos of its name, in another case
        or with another suffix if need be, of which those are meant that lie in folders of the most names
        that it gives.
        """
        if value not in self._known:
            self._known[value] = self._match(value)
        return self._known[value]

    def _match(self, value: str) -> Match:
        if not value or len(value) > _LONGEST or UNWRITABLE.search(value):
            return NOTHING
        path = value if self._backslashes else value.replace("\\", "/")
        path = _DRIVE.sub("", path)
        # Dots that lead up and back: what counts is how a path ends.
        parts = [part for part in path.split("/") if part not in ("", ".", "..")]
        if not parts:
            return NOTHING
        # Accents as they are stored first: two files may differ in nothing else.
        tail = "/".join(parts)
        for exact in (self._folder + tail, tail):
            if exact in self._exact:
                return Match((self._exact[exact],), True)
        name = nfc(parts[-1])
        stem, suffix = _divided(name)
        # A name without a suffix may hold dots.
        stem = stem if suffix.lower() in SUFFIXES else name
        tries = ((0, name), (1, name.casefold()), (2, stem), (3, stem.casefold()))
        for level, key in tries:
            if key in self._levels[level]:
                return Match(_nearest(parts[:-1], self._levels[level][key]), level < 2)
        return NOTHING


def _keys(name: str) -> tuple[str, str, str, str]:
    name = nfc(name)
    stem, _ = _divided(name)
    return name, name.casefold(), stem, stem.casefold()


def _divided(name: str) -> tuple[str, str]:
    """Return a name's stem and suffix, as `PurePath` divides it."""
    dot = name.rfind(".")
    return (name[:dot], name[dot:]) if 0 < dot < len(name) - 1 else (name, "")


def _nearest(folders: list[str], photos: list[PurePosixPath]) -> tuple[PurePosixPath, ...]:
    """Return the photos whose folders have the most names, from the last one up, in common with these."""
    if len(photos) == 1:
        return tuple(photos)
    wanted = [nfc(folder).casefold() for folder in reversed(folders)]
    shared: dict[PurePosixPath, int] = {}
    for photo in photos:
        own = [nfc(folder).casefold() for folder in reversed(photo.parent.parts)]
        equal = [one == other for one, other in zip(wanted, own, strict=False)]
        shared[photo] = equal.index(False) if False in equal else len(equal)
    most = max(shared.values())
    return tuple(photo for photo in photos if shared[photo] == most)
