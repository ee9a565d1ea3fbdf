"""What the folders of a data set say of its photos: which class each is of, and which part of a split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from ablation.photos import splits
from ablation.photos.tree import Tree
from ablation.photos.wording import nfc, some

ADVICE = "add a table such as label.csv beside the photos, with the header filename,category"


@dataclass(frozen=True)
class Place:
    """What its folders say of one photo: the class and the part of a split, each None if they say nothing."""

    category: str | None
    split: str | None


@dataclass(frozen=True)
class Folders:
    """What the folders say: a place for each photo, the folder below which they begin, notes in words.

    `refusal` is why they cannot be relied on for classes, as a message; None where they can.
    """

    top: PurePosixPath
    places: dict[PurePosixPath, Place]
    notes: tuple[str, ...]
    refusal: str | None

    @property
    def classes(self) -> set[str]:
        """All classes that folders name."""
        return {place.category for place in self.places.values() if place.category is not None}


def read(tree: Tree) -> Folders:
    """Read the folders of a tree that holds photos.

    The first folder is the class, whatever lies in it; folders that do nothing but wrap are passed through.
    Where all folders with photos are called by words of a split (`splits`) they are its parts, each of class
    folders or of bare photos; where all folders in all class folders are, the split lies in each class.
    """
    return _Reader(tree).read()


class _Reader:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.filled = {folder for photo in tree.photos for folder in photo.parents}
        self.used = {
            folder
            for file in (*map(PurePosixPath, (one.file for one in tree.left_out)), *tree.tables)
            for folder in file.parents
        }
        self.bare = {photo.parent for photo in tree.photos}
        self.inner: dict[PurePosixPath, list[PurePosixPath]] = {}
        for folder in tree.folders:
            self.inner.setdefault(folder.parent, []).append(folder)
        self.refusals: list[str] = []
        self.notes: list[str] = []
        self.places: dict[PurePosixPath, Place] = {}

    def read(self) -> Folders:
        top = self.unwrapped(PurePosixPath())
        parts = splits.of_folders([folder.name for folder in self.with_photos(top)])
        words = {part for part in parts.values() if part}
        if parts and all(parts.values()):
            self.read_split(top, {top / name: part for name, part in parts.items() if part})
        else:
            if splits.TRAIN in words and len(words) > 1:
                odd = next(name for name, part in parts.items() if not part)
                known = " and ".join(f"{name}/" for name, part in parts.items() if part)
                self.refusals.append(
                    f"{self.tree.root / top} holds {odd}/ beside {known}: move it into one of them or "
                    "elsewhere"
                )
            self.read_classes(top, None)
        return Folders(top, self.places, tuple(self.notes), self.refusals[0] if self.refusals else None)

    def with_photos(self, folder: PurePosixPath) -> list[PurePosixPath]:
        return [child for child in self.inner.get(folder, []) if child in self.filled]

    def photos_in(self, folder: PurePosixPath) -> list[PurePosixPath]:
        return self.tree.photos_in(folder) if folder.parts else list(self.tree.photos)

    def unwrapped(self, folder: PurePosixPath) -> PurePosixPath:
        """Go down while a folder holds nothing to go by but one folder with folders of photos in it."""
        while folder not in self.bare:
            inner = self.with_photos(folder)
            # A single folder of bare photos is a class, not a wrapping, and an empty one beside it a mistake.
            if len(inner) != 1 or inner[0] in self.bare or self.empty(folder):
                break
            folder = inner[0]
        return folder

    def empty(self, folder: PurePosixPath) -> list[PurePosixPath]:
        """The folders in a folder in which there is nothing at all."""
        return [child for child in self.inner.get(folder, []) if child not in self.filled | self.used]

    def read_split(self, top: PurePosixPath, parts: dict[PurePosixPath, str]) -> None:
        where = self.tree.root / top
        by_part: dict[str, list[str]] = {}
        for folder, part in parts.items():
            by_part.setdefault(part, []).append(folder.name + "/")
            self.read_classes(self.unwrapped(folder), part)
        for names in by_part.values():
            if len(names) > 1:
                self.refusals.insert(0, f"{where} holds {' and '.join(names)}: keep only one of them")
        if splits.TRAIN not in by_part:
            found = " and ".join(name for names in by_part.values() for name in names)
            self.refusals.insert(
                0, f"{where} holds {found} but no train/: name the folder that trains train/"
            )
        if loose := [photo for photo in self.tree.photos if photo not in self.places]:
            self.places |= dict.fromkeys(loose, Place(None, None))
            beside = " and ".join(name for names in by_part.values() for name in names)
            self.refusals.append(f"{where} holds {some(loose)} outside {beside}: move or delete them")

    def read_classes(self, top: PurePosixPath, part: str | None) -> None:
        """Take the folders in a folder for classes, in one part of a split or in the whole."""
        photos, depth, where = self.photos_in(top), len(top.parts), self.tree.root / top
        inner = {} if part else self.split_in_classes(top)
        for photo in photos:
            if len(photo.parts) == depth + 1:
                self.places[photo] = Place(None, part)
            else:
                self.places[photo] = Place(
                    nfc(photo.parts[depth]), part or inner.get(photo.parts[: depth + 2])
                )
        # A test set may have no classes.
        if part == splits.TEST:
            return
        if loose := [photo for photo in photos if photo.parent == top]:
            self.refusals.append(
                f"{where} holds {some(loose)} outside class folders, and no table says which class each is "
                f"of: move each into the folder of its class, or {ADVICE}"
            )
        if empty := self.empty(top):
            self.refusals.append(
                f"{self.tree.root / empty[0]} holds no photos: add some or remove the folder"
            )
        for folder in self.inner.get(top, []):
            if folder not in self.filled and folder in self.used:
                self.notes.append(f"{folder}/ holds no photos and is no class")
        deep = [photo for photo in photos if len(photo.parts) > depth + (3 if inner else 2)]
        if deep:
            self.notes.append(
                f"the first folder is the class, also of photos in folders inside it: {some(deep)}"
            )

    def split_in_classes(self, top: PurePosixPath) -> dict[tuple[str, ...], str]:
        """Return the parts of a split in each of the class folders, by their paths; else nothing."""
        found: dict[tuple[str, ...], str] = {}
        if top in self.bare:
            return {}
        for folder in self.with_photos(top):
            parts = splits.of_folders([child.name for child in self.with_photos(folder)])
            if folder in self.bare or not all(parts.values()):
                return {}
            found |= {(folder / name).parts: part for name, part in parts.items() if part}
        words = set(found.values())
        return found if splits.TRAIN in words and len(words) > 1 else {}
