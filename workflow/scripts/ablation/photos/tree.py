"""Look at a data set's folder: which photos, folders and label files lie in it, hidden ones left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ablation.photos.wording import short
from ablation.running.errors import UserError

LABELS = "label.csv"
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")
# Line breaks and other control characters, and bytes that are not UTF-8 (lone surrogates).
UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# What no data set has, and what a forged archive or links in circles can make.
_MOST_LEVELS = 30
_MOST_FOLDERS = 50_000


@dataclass(frozen=True)
class Tree:
    """What lies in a data set's folder, as paths relative to `root`, sorted."""

    root: Path
    photos: tuple[PurePosixPath, ...]
    folders: tuple[PurePosixPath, ...]
    labels: tuple[PurePosixPath, ...]

    def photos_in(self, folder: PurePosixPath) -> list[PurePosixPath]:
        """The photos in a folder and in those below it."""
        return [photo for photo in self.photos if folder in photo.parents]

    def folders_in(self, folder: PurePosixPath) -> list[PurePosixPath]:
        """The folders directly in a folder."""
        return [child for child in self.folders if child.parent == folder]


def look(root: Path) -> Tree:
    """Return what lies under `root` and is not hidden, links followed but not in circles.

    Raises `UserError` when there is no such folder, when it cannot be read or has no end, and for names
    of photos and folders that no text file can hold.
    """
    if not root.exists():
        raise UserError(f"{root} does not exist: give the folder that holds the photos")
    if not root.is_dir():
        raise UserError(f"{root} is not a folder: give the folder that holds the photos")
    files: list[PurePosixPath] = []
    folders: list[PurePosixPath] = []
    try:
        for path, is_folder in _visible(root, PurePosixPath(), {root.resolve()}):
            (folders if is_folder else files).append(path)
            if len(path.parts) > _MOST_LEVELS or len(folders) > _MOST_FOLDERS:
                raise UserError(
                    f"{root} holds more than {_MOST_LEVELS} folders in one another or {_MOST_FOLDERS} in all "
                    f"(at {short(path.parent)!r}): give the folder that holds the photos, and take out "
                    "links that lead back"
                )
    except OSError as error:
        raise UserError(
            f"{error.filename} cannot be read ({error.strerror}): mend its permissions"
        ) from error
    photos = [path for path in files if path.suffix.lower() in SUFFIXES]
    for path in (*folders, *photos):
        if UNWRITABLE.search(path.name):
            raise UserError(f"{str(root / path)!r} has characters in its name that are no text: rename it")
    labels = [path for path in files if path.name == LABELS]
    return Tree(root, tuple(sorted(photos)), tuple(sorted(folders)), tuple(sorted(labels)))


def files(root: Path) -> list[str]:
    """Return all that layouts go by, the photos and label.csv, as sorted posix paths under `root`.

    Raises `UserError` as `look`.
    """
    tree = look(root)
    return [str(path) for path in sorted((*tree.photos, *tree.labels))]


def _visible(root: Path, folder: PurePosixPath, above: set[Path]) -> Iterator[tuple[PurePosixPath, bool]]:
    """Yield (path, is it a folder) of all that is not hidden, following links but not in circles."""
    for child in (root / folder).iterdir():
        if child.name.startswith(".") or child.name == "__MACOSX":
            continue
        path = folder / child.name
        if child.is_dir():
            real = child.resolve()
            if real not in above:
                yield path, True
                yield from _visible(root, path, above | {real})
        elif child.is_file():
            yield path, False
