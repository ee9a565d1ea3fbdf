"""Find a data set's photos, their classes and their split by looking at its folder.

Classes come from tables that name photos (`labels`) or from the folders that photos lie in (`folders`), a
split from a column, from the names of folders or from those of tables. Photos of a test set judge as far as
they have labels; the others wait for prediction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ablation.photos import classes, folders, labels, splits
from ablation.photos.folders import Folders
from ablation.photos.kinds import SUFFIXES
from ablation.photos.label_lines import Line
from ablation.photos.labels import Asked, Labels
from ablation.photos.reading import Photo, Reading, Waiting
from ablation.photos.tree import LeftOut, Tree, look, refuse_archives
from ablation.photos.wording import short, some
from ablation.running.errors import UserError

# What may hold labels and is not read.
_UNREAD = (".xlsx", ".xls", ".ods", ".numbers", ".json", ".parquet", ".xml")


def find(root: Path, asked: Asked = Asked()) -> Reading:  # noqa: B008, nothing can change it
    """Return all photos under `root`, whichever layout it has; `asked` says where labels are, in doubt.

    Raises `UserError` when there is no such folder, no photo, fewer than two classes, or anything
    that leaves a photo's class or split in doubt.
    """
    tree = look(root)
    if not tree.photos:
        refuse_archives(tree)
        raise UserError(
            f"{root} holds no photos ({', '.join(SUFFIXES)}): put them there, in one folder for each class, "
            "or beside a table that names each photo and its class"
        )
    in_folders = folders.read(tree)
    sources = _Sources(tree, in_folders, labels.read(tree, in_folders, asked))
    tables = sources.tables
    parts = {photo: sources.part(photo) for photo in tree.photos}
    study = [photo for photo in tree.photos if parts[photo] != splits.TEST]
    photos = _with_split(
        [Photo(str(photo), category, parts[photo]) for photo, category in sources.classes(study).items()],
        root / in_folders.top,
    )
    known = {photo.category for photo in photos}
    tested, waiting, renamed = _test_set(sources, set(tree.photos) - set(study), known)
    unused = [LeftOut(str(file), file.suffix.lower()) for file in tree.tables if file not in tables.used]
    return Reading(
        tuple(sorted((*photos, *tested), key=lambda photo: photo.file)),
        tuple(sorted(waiting, key=lambda photo: photo.file)),
        tuple(sorted((*tree.left_out, *unused), key=lambda one: one.file)),
        (
            *tables.notes,
            *sources.notes(study),
            *_split_notes(photos),
            *_test_notes(tested, waiting),
            *renamed,
        ),
    )


@dataclass(frozen=True)
class _Sources:
    """What says a photo's class and part: folders and tables."""

    tree: Tree
    folders: Folders
    tables: Labels

    def line(self, photo: PurePosixPath) -> Line:
        """What tables say of a photo, which may be nothing."""
        return self.tables.lines.get(photo, Line(None, None, None))

    def part(self, photo: PurePosixPath) -> str | None:
        """Return a photo's part of the split: by its line, its folder or its table's name, in this order."""
        line, folder = self.line(photo), self.folders.places[photo].split
        if photo not in self.tables.lines and photo in self.tables.waiting:
            return splits.TEST
        return line.split or (folder if folder != splits.TRAIN else None) or line.table_split or folder

    def labelled(self, photos: Iterable[PurePosixPath]) -> set[str | None]:
        """The parts of the folders' split, None without one, of whose photos tables know some."""
        return {self.folders.places[photo].split for photo in photos if photo in self.tables.lines}

    def classes(self, photos: list[PurePosixPath]) -> dict[PurePosixPath, str]:
        """Return the class of each photo that does not wait: by tables, or where they know none by folders.

        Raises `UserError` for photos of no known class.
        """
        labelled, places = self.labelled(photos), self.folders.places
        found: dict[PurePosixPath, str | None] = {}
        for photo in photos:
            by_table = places[photo].split in labelled
            found[photo] = (self.line(photo) if by_table else places[photo]).category
        if labelled != {places[photo].split for photo in photos}:
            self.check_folders(set(found.values()))
        if without := [photo for photo, category in found.items() if category is None]:
            used = " and ".join(str(self.tree.root / file) for file in self.tables.used)
            verb = "has" if len(self.tables.used) == 1 else "have"
            other = "" if self.folders.refusal else "; or, if folders are the classes, write labels: folders"
            raise UserError(
                f"{used} {verb} no line with a class for {some(without)}: add the lines or remove the "
                f"photos{other}"
            )
        return {photo: category for photo, category in found.items() if category is not None}

    def check_folders(self, found: set[str | None]) -> None:
        """Raise UserError if folders cannot say the classes, or say but one, with what else may say them."""
        why = self.folders.refusal
        if why is None and len(found) < 2:
            why = (
                f"{self.tree.root / self.folders.top} holds only one class ({short(*found)}): "
                "add photos of at least one more"
            )
        if why is None:
            return
        if self.tables.refusal is not None and len(self.folders.classes) < 2:
            raise self.tables.refusal
        unread = [one.file for one in self.tree.left_out if one.file.lower().endswith(_UNREAD)]
        hint = (
            f"; if {some(unread, 'file', 'files')} says which is of which, save it as CSV" if unread else ""
        )
        raise UserError(why + hint)

    def notes(self, photos: list[PurePosixPath]) -> list[str]:
        """Say what was made of folders."""
        labelled, places = self.labelled(photos), self.folders.places
        by_folder = {places[photo].category for photo in photos if places[photo].split not in labelled}
        if by_folder:
            names = classes.ordered(name for name in by_folder if name is not None)
            return [f"one folder for each of {some(names, 'class', 'classes')}", *self.folders.notes]
        other = [
            category
            for photo in photos
            if (category := places[photo].category) not in (None, self.line(photo).category)
        ]
        if other and self.folders.refusal is None and len(set(other)) > 1:
            listed = some(dict.fromkeys(other), "folder", "folders")
            return [f"{listed} not taken for classes (labels: folders in config.yaml would)"]
        return []


# --- the split -------------------------------------------------------------------------------------


def _with_split(photos: list[Photo], where: Path) -> list[Photo]:
    """Return photos with the split that they have: without one for validation, they have none.

    Raises `UserError` for fewer than two classes, and for a class that one part of a split lacks.
    """
    names = classes.ordered(photo.category for photo in photos)
    if len(names) < 2:
        found = f"only one class ({short(names[0])})" if names else "no photos that train"
        raise UserError(
            f"{where} holds {found}: add photos of at least {'one more' if names else 'two classes'}"
        )
    if not any(photo.split == splits.VAL for photo in photos):
        return [replace(photo, split=None) for photo in photos]
    photos = [replace(photo, split=photo.split or splits.TRAIN) for photo in photos]
    present = {
        part: {photo.category for photo in photos if photo.split == part}
        for part in (splits.TRAIN, splits.VAL)
    }
    for here, there in ((splits.TRAIN, splits.VAL), (splits.VAL, splits.TRAIN)):
        if lacking := classes.ordered(present[here] - present[there]):
            raise UserError(
                f"{where}: the split lacks {some(lacking, 'class', 'classes')} in its {there} part, which "
                f"its {here} part has: give {there} photos of it, or remove the class"
            )
    return photos


def _split_notes(photos: list[Photo]) -> list[str]:
    parts = Counter(photo.split for photo in photos)
    if not parts[splits.VAL]:
        return []
    return [f"the split is kept: {parts[splits.TRAIN]} photos train, {parts[splits.VAL]} validate"]


# --- the test set ----------------------------------------------------------------------------------


def _test_set(
    sources: _Sources, photos: set[PurePosixPath], known: set[str]
) -> tuple[list[Photo], list[Waiting], list[str]]:
    """Return the photos of a test set that judge, those that wait, and notes.

    A photo judges if it has a class and the study has it.
    """
    found = {
        photo: sources.line(photo).category or sources.folders.places[photo].category for photo in photos
    }
    tested = [
        Photo(str(photo), category, splits.TEST) for photo, category in found.items() if category in known
    ]
    waiting = [Waiting(str(photo)) for photo, category in found.items() if category not in known]
    # As test/images/: a folder that is not called like a class.
    strange = classes.ordered({category for category in found.values() if category is not None} - known)
    notes = [
        f"{some(strange, 'class', 'classes')} of a test set in no training photo: its photos are taken as "
        "unlabelled"
    ]
    return tested, waiting, notes if strange else []


def _test_notes(tested: list[Photo], waiting: list[Waiting]) -> list[str]:
    told = []
    if tested:
        names = sorted(one.file for one in tested)
        judge = "judges" if len(names) == 1 else "judge"
        told.append(f"{some(names)} of a test set {judge}, and no training sees {_them(names)}")
    if waiting:
        names = sorted(one.file for one in waiting)
        told.append(
            f"{some(names)} of a test set without labels {'waits' if len(names) == 1 else 'wait'} for "
            "prediction"
        )
    return told


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"
