"""Look at a data set's folder: which photos, folders and tables lie in it, and what is left out and why."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ablation.photos.kinds import ARCHIVES, SUFFIXES, TABLES, is_photo, is_system
from ablation.photos.wording import short, some
from ablation.running.errors import UserError

# Line breaks and other control characters, and bytes that are not UTF-8 (lone surrogates).
UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# What no data set has, and what a forged archive or links in circles can make.
_MOST_LEVELS = 30
_MOST_FOLDERS = 50_000


@dataclass(frozen=True)
class LeftOut:
    """A file that has no part in the study."""

    file: str
    """Its posix path under the data set's folder."""
    why: str
    """Its kind, the same for all of one kind up to a colon: `.txt`, `hidden`, `unreadable: is empty`."""


@dataclass(frozen=True)
class Tree:
    """What lies in a data set's folder, as paths relative to `root`, sorted.

    `tables` are files that by their suffix may hold labels. `left_out` is everything else but what
    operating systems and programs leave behind (`kinds.is_system`).
    """

    root: Path
    photos: tuple[PurePosixPath, ...]
    folders: tuple[PurePosixPath, ...]
    tables: tuple[PurePosixPath, ...]
    left_out: tuple[LeftOut, ...]

    def photos_in(self, folder: PurePosixPath) -> list[PurePosixPath]:
        """The photos in a folder and in those below it."""
        return [photo for photo in self.photos if folder in photo.parents]

    def folders_in(self, folder: PurePosixPath) -> list[PurePosixPath]:
        """The folders directly in a folder."""
        return [child for child in self.folders if child.parent == folder]


def look(root: Path) -> Tree:
    """Return what lies under `root`, links followed but not in circles.

    A file is a photo by its suffix, or, whatever its suffix, by its first bytes. Raises `UserError` when
    there is no such folder, when it cannot be read or has no end, and for names of photos and folders that
    no text file can hold.
    """
    photos: list[PurePosixPath] = []
    folders: list[PurePosixPath] = []
    tables: list[PurePosixPath] = []
    left_out: list[LeftOut] = []
    for path, entry, kind in walk(root):
        suffix = path.suffix.lower()
        if kind == FOLDER:
            folders.append(path)
        elif kind != FILE:
            left_out.append(LeftOut(str(path), kind))
        elif suffix in SUFFIXES:
            photos.append(path)
        elif suffix in TABLES:
            tables.append(path)
        elif is_photo(Path(entry.path)):
            photos.append(path)
        else:
            left_out.append(LeftOut(str(path), suffix or "without a suffix"))
    for path in (*folders, *photos):
        if UNWRITABLE.search(path.name):
            raise UserError(f"{str(root / path)!r} has characters in its name that are no text: rename it")
    left_out.sort(key=lambda one: one.file)
    return Tree(root, tuple(sorted(photos)), tuple(sorted(folders)), tuple(sorted(tables)), tuple(left_out))


def refuse_archives(tree: Tree) -> None:
    """Raise `UserError` if a folder without photos holds archives."""
    files = [PurePosixPath(one.file) for one in tree.left_out]
    if archives := [file for file in files if file.suffix.lower() in ARCHIVES]:
        several = len(archives) > 1
        raise UserError(
            f"{tree.root} holds no photos but {some(archives, 'archive', 'archives')}: "
            + (
                "unpack them there"
                if several
                else f"give {tree.root / archives[0]} as the data set, or unpack it"
            )
        )


# What `walk` says of an entry; anything else is left out for this reason.
FOLDER, FILE = "folder", "file"


def walk(root: Path) -> Iterator[tuple[PurePosixPath, os.DirEntry[str], str]]:
    """Yield (path under `root`, directory entry, `FOLDER`, `FILE` or why it is left out) of what lies there.

    Links are followed but not in circles; what `kinds.is_system` knows is passed over. Raises `UserError`
    when there is no such folder, when it cannot be read or has no end.
    """
    if not root.exists():
        raise UserError(f"{root} does not exist: give the folder that holds the photos")
    if not root.is_dir():
        raise UserError(f"{root} is not a folder: give the folder that holds the photos")
    folders = 0
    try:
        for path, entry, kind in _walk(str(root), PurePosixPath(), {os.path.realpath(root)}):
            folders += kind == FOLDER
            if len(path.parts) > _MOST_LEVELS or folders > _MOST_FOLDERS:
                raise UserError(
                    f"{root} holds more than {_MOST_LEVELS} folders in one another or {_MOST_FOLDERS} in all "
                    f"(at {short(path.parent)!r}): give the folder that holds the photos, and take out "
                    "links that lead back"
                )
            yield path, entry, kind
    except OSError as error:
        raise UserError(
            f"{error.filename} cannot be read ({error.strerror}): mend its permissions"
        ) from error


def _walk(
    where: str, folder: PurePosixPath, above: set[str]
) -> Iterator[tuple[PurePosixPath, os.DirEntry[str], str]]:
    # scandir knows of most entries what they are without asking the disk again.
    with os.scandir(where) as entries:
        for entry in entries:
            if is_system(entry.name):
                continue
            path = folder / entry.name
            if entry.name.startswith("."):
                yield path, entry, "hidden"
            elif _is(entry.is_dir):
                real = os.path.realpath(entry.path)
                if real in above:
                    yield path, entry, "link in a circle"
                else:
                    yield path, entry, FOLDER
                    yield from _walk(entry.path, path, above | {real})
            elif _is(entry.is_file):
                yield path, entry, FILE
            else:
                yield path, entry, "link to nowhere" if entry.is_symlink() else "no plain file"


def _is(kind: Callable[[], bool]) -> bool:
    """Tell what an entry is, as `Path.is_file` does: a link to itself is nothing."""
    try:
        return kind()
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        return False
