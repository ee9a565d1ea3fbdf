"""Find a data set's photos, their classes and their split by looking at its folder.

Three layouts are known: `label.csv` (header `filename,category`) beside the photos, one folder per
class, and `train/` with `val/` (or `valid/`, `validation/`) holding class folders. Folders that do
nothing but wrap one of these are passed through. Hidden files and folders do not count.
"""

from __future__ import annotations

import csv
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ablation.running.errors import UserError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")
# Line breaks and other control characters, and bytes that are not UTF-8 (lone surrogates).
UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_LABELS = "label.csv"
_COLUMNS = ("filename", "category")
_VALIDATION = ("val", "valid", "validation")
_SHOWN = 3
# Of a longer name, messages show both ends.
_NAME_SHOWN = 100
# What no data set has, and what a forged archive or links in circles can make.
_MOST_LEVELS = 30
_MOST_FOLDERS = 50_000
_MOST_LABEL_BYTES = 100 * 1024**2
# Up to 18 digits: int() of thousands of digits raises.
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


@dataclass(frozen=True)
class Photo:
    """One photo: its posix path relative to the data set's root, its class, its split if given.

    The class's name is in Unicode's composed form (NFC), whichever the program that wrote it used.
    """

    file: str
    category: str
    split: str | None


@dataclass(frozen=True)
class _Tree:
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


def find(root: Path) -> list[Photo]:
    """Return all photos under `root`, sorted by file, whichever of the three layouts it has.

    Raises `UserError` when there is no such folder, no photo, fewer than two classes, or anything
    that leaves a photo's class or split in doubt.
    """
    tree = _look(root)
    if not tree.photos:
        raise UserError(
            f"{root} holds no photos ({', '.join(SUFFIXES)}): looked for {_LABELS} beside photos, one "
            "folder per class, and train/ and val/ with class folders; put the photos into one of these"
        )
    top = _unwrap(tree)
    if top / _LABELS in tree.labels:
        found = _labelled(tree, top)
    elif split := _split_folders(tree, top):
        found = _split(tree, top, *split)
    else:
        found = [Photo(str(photo), category, None) for photo, category in _class_folders(tree, top)]
    names = categories(found)
    if len(names) < 2:
        raise UserError(f"{root / top} holds only one class ({names[0]}): add photos of at least one more")
    return sorted(found, key=lambda photo: photo.file)


def categories(photos: Iterable[Photo]) -> list[str]:
    """Return the classes in the order of their labels: by number if all are integers, else by name."""
    names = sorted({photo.category for photo in photos})
    if all(_INTEGER.fullmatch(name) for name in names):
        names.sort(key=int)
    return names


# --- looking ---------------------------------------------------------------------------------------


def files(root: Path) -> list[str]:
    """Return all that `find` goes by, the photos and label.csv, as sorted posix paths under `root`.

    Raises `UserError` as `find` does for a folder that cannot be read or has unusable names in it.
    """
    tree = _look(root)
    return [str(path) for path in sorted((*tree.photos, *tree.labels))]


def _look(root: Path) -> _Tree:
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
                    f"(at {_short(path.parent)!r}): give the folder that holds the photos, and take out "
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
    labels = [path for path in files if path.name == _LABELS]
    return _Tree(root, tuple(sorted(photos)), tuple(sorted(folders)), tuple(sorted(labels)))


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


def _unwrap(tree: _Tree) -> PurePosixPath:
    """Go down while a folder holds nothing to go by but one folder that itself holds folders or labels."""
    top = PurePosixPath()
    while top / _LABELS not in tree.labels and not any(photo.parent == top for photo in tree.photos):
        inner = tree.folders_in(top)
        if len(inner) != 1:
            break
        # A single folder of bare photos is a class, not a wrapping.
        bare = any(photo.parent == inner[0] for photo in tree.photos)
        if bare and inner[0] / _LABELS not in tree.labels:
            break
        top = inner[0]
    return top


# --- one folder per class, with or without a split -------------------------------------------------


def _class_folders(tree: _Tree, top: PurePosixPath) -> list[tuple[PurePosixPath, str]]:
    """Return (photo, class) of every photo under `top`, each of which must lie in a class folder."""
    photos = tree.photos_in(top) if top.parts else list(tree.photos)
    depth = len(top.parts)
    for path in tree.labels:
        if top in path.parents:
            raise UserError(
                f"{tree.root / path} labels one folder of several: give {tree.root / path.parent} as the "
                f"data set, or move the folders beside it elsewhere"
            )
    if loose := [photo for photo in photos if photo.parent == top]:
        raise UserError(
            f"{tree.root / top} holds {_some(loose)} outside the class folders and no {_LABELS}: "
            f"move each into the folder of its class, or add a {_LABELS} (header filename,category)"
        )
    if deep := [photo for photo in photos if len(photo.parts) > depth + 2]:
        raise UserError(
            f"{tree.root / top} holds {_some(deep)} in folders inside class folders: "
            "move each directly into the folder of its class"
        )
    filled = {photo.parent for photo in photos}
    if empty := [folder for folder in tree.folders_in(top) if folder not in filled]:
        raise UserError(f"{tree.root / empty[0]} holds no photos: add some or remove the folder")
    return [(photo, _nfc(photo.parts[depth])) for photo in photos]


def _split_folders(tree: _Tree, top: PurePosixPath) -> tuple[PurePosixPath, PurePosixPath] | None:
    """Return the folders of training and validation photos, or None where there is no such split."""
    inner = {folder.name.lower(): folder for folder in tree.folders_in(top)}
    train = inner.get("train")
    # A `train` that holds photos itself may be a class of trains.
    if train is None or not tree.folders_in(train) or any(photo.parent == train for photo in tree.photos):
        return None
    validation = [inner[name] for name in _VALIDATION if name in inner]
    where = tree.root / top
    if not validation:
        raise UserError(f"{where} holds train/ but no val/ beside it: name the validation folder val/")
    if len(validation) > 1:
        raise UserError(
            f"{where} holds {' and '.join(f.name + '/' for f in validation)}: keep only one of them"
        )
    # A test set has no part in the study, but nothing else may be left out in silence.
    known = {train.name.lower(), validation[0].name.lower(), "test"}
    if others := [folder for name, folder in inner.items() if name not in known and tree.photos_in(folder)]:
        raise UserError(
            f"{where} holds {others[0].name}/ beside train/ and val/: move it into one of them or elsewhere"
        )
    return train, validation[0]


def _split(tree: _Tree, top: PurePosixPath, train: PurePosixPath, validation: PurePosixPath) -> list[Photo]:
    found = {"train": _class_folders(tree, train), "val": _class_folders(tree, validation)}
    classes = {split: {category for _, category in photos} for split, photos in found.items()}
    for here, there, other in (("train", "val", validation), ("val", "train", train)):
        if lacking := sorted(classes[here] - classes[there]):
            raise UserError(
                f"{tree.root / other} lacks {_some(lacking, 'class', 'classes')}, which "
                f"{(train if here == 'train' else validation).name}/ has: add photos or remove the class"
            )
    if loose := [photo for photo in tree.photos if photo.parent == top]:
        raise UserError(
            f"{tree.root / top} holds {_some(loose)} outside train/ and val/: move or delete them"
        )
    return [
        Photo(str(photo), category, split) for split, photos in found.items() for photo, category in photos
    ]


# --- label.csv -------------------------------------------------------------------------------------


def _labelled(tree: _Tree, top: PurePosixPath) -> list[Photo]:
    """Return the photos that `label.csv` in `top` names, which must be exactly those that lie there."""
    where = tree.root / top / _LABELS
    photos = {
        str(photo.relative_to(top)) for photo in tree.photos if top == photo.parent or top in photo.parents
    }
    labels = _read_labels(where, photos)
    missing = sorted(set(labels) - photos)
    # Not Path.is_file, which raises where a name is too long for any file.
    if others := [name for name in missing if os.path.isfile(where.parent / name)]:  # noqa: PTH113
        raise UserError(
            f"{where} names {_some(others, 'file', 'files')} that cannot be used as photos: "
            f"use visible files that end in {', '.join(SUFFIXES)}, or delete their lines"
        )
    if missing:
        verb = "does" if len(missing) == 1 else "do"
        raise UserError(
            f"{where} names {_some(missing)} that {verb} not exist: add them or delete their lines"
        )
    if unlabelled := sorted(photos - set(labels)):
        raise UserError(f"{where} has no line for {_some(unlabelled)}: add the lines or remove the photos")
    return [Photo(str(top / name), _nfc(category), None) for name, category in labels.items()]


def _read_labels(path: Path, photos: set[str]) -> dict[str, str]:
    """Return the class of each file named in a label.csv, checking every line.

    A name that differs from one of `photos` only in how accents are stored stands for that photo: macOS
    takes names apart (NFD) that other programs write composed (NFC).
    """
    composed: dict[str, list[str]] = defaultdict(list)
    for photo in photos:
        composed[_nfc(photo)].append(photo)
    labels: dict[str, str] = {}
    for line, name, category in _rows(path):
        where = f"{path}, line {line}"
        if not name:
            raise UserError(f"{where} has no filename: fill it in or delete the line")
        if not category:
            raise UserError(f"{where} has no category for {_short(name)}: fill it in or delete the line")
        if UNWRITABLE.search(name + category):
            raise UserError(f"{where} holds a line break or control character: look for an unclosed quote")
        posix = PurePosixPath(name)
        if posix.is_absolute() or ".." in posix.parts:
            raise UserError(
                f"{where} names {_short(name)}: name files in the folder of {_LABELS}, without / or .. first"
            )
        file = str(posix)
        alike = composed[_nfc(file)]
        if file not in photos and len(alike) == 1:
            file = alike[0]
        if file in labels:
            known = labels[file]
            remedy = "delete one of the lines" if known == category else "keep the line that is right"
            doubt = "twice" if known == category else f"as {_short(known)} and as {_short(category)}"
            raise UserError(f"{where} labels {_short(file)} {doubt}: {remedy}")
        labels[file] = category
    if not labels:
        raise UserError(f"{path} names no photos: add a line filename,category for each photo")
    return labels


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line number, file name, category) of the lines that are not blank, spaces stripped."""
    try:
        if path.stat().st_size > _MOST_LABEL_BYTES:
            raise UserError(
                f"{path} has more than {_MOST_LABEL_BYTES} bytes: make sure that it is a label file"
            )
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, skipinitialspace=True)
            header = [name.strip().lower() for name in next(reader, [])]
            _check_header(path, header)
            name, category = (header.index(column) for column in _COLUMNS)
            for row in reader:
                cells = [cell.strip() for cell in row]
                if not any(cells):
                    continue
                too_few = len(cells) <= max(name, category)
                if too_few or any(cells[len(header) :]):
                    raise UserError(
                        f"{path}, line {reader.line_num} has {len(cells)} columns where the header has "
                        f"{len(header)}: separate by commas, and quote names that hold a comma"
                    )
                yield reader.line_num, cells[name], cells[category]
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error.reason}): save it as UTF-8 CSV") from error
    except csv.Error as error:
        raise UserError(
            f"{path} is not a CSV file ({error}): mend the line or save it again as CSV"
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): mend its permissions") from error


def _check_header(path: Path, header: list[str]) -> None:
    for column in _COLUMNS:
        if header.count(column) != 1:
            state = "no" if column not in header else "more than one"
            raise UserError(f"{path} has {state} column {column}: make its first line filename,category")


# --- names and wording -----------------------------------------------------------------------------


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _short(name: object) -> str:
    """Return a name, or the two ends of one that would bury the rest of a message."""
    text, half = str(name), _NAME_SHOWN // 2
    return text if len(text) <= _NAME_SHOWN else f"{text[:half]}...{text[-half:]}"


def _some(names: Iterable[object], one: str = "photo", many: str = "photos") -> str:
    """Return such as `3 photos (a.jpg, b.jpg, c.jpg)`, naming only the first few of many."""
    listed = [_short(name) for name in names]
    shown = ", ".join(listed[:_SHOWN]) + (", ..." if len(listed) > _SHOWN else "")
    return f"{len(listed)} {one if len(listed) == 1 else many} ({shown})"
