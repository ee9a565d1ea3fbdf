"""Find a data set's photos, their classes and their split by looking at its folder.

Three layouts are known: `label.csv` (header `filename,category`) beside the photos, one folder per
class, and `train/` with `val/` (or `valid/`, `validation/`) holding class folders. Folders that do
nothing but wrap one of these are passed through. Hidden files and folders do not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ablation.photos import classes, labels
from ablation.photos.kinds import SUFFIXES
from ablation.photos.labels import LABELS
from ablation.photos.reading import Photo, Reading
from ablation.photos.tree import Tree, look, refuse_archives
from ablation.photos.wording import nfc, some
from ablation.running.errors import UserError

_VALIDATION = ("val", "valid", "validation")

# A photo's path relative to the data set's root, and the name of its class.
_Found = tuple[PurePosixPath, str]


def find(root: Path) -> Reading:
    """Return all photos under `root`, whichever of the three layouts it has.

    Raises `UserError` when there is no such folder, no photo, fewer than two classes, or anything
    that leaves a photo's class or split in doubt.
    """
    tree = look(root)
    if not tree.photos:
        refuse_archives(tree)
        raise UserError(
            f"{root} holds no photos ({', '.join(SUFFIXES)}): looked for {LABELS} beside photos, one "
            "folder per class, and train/ and val/ with class folders; put the photos into one of these"
        )
    top = _unwrap(tree)
    if top / LABELS in tree.tables:
        found = _photos(labels.read(tree, top))
    elif split := _split_folders(tree, top):
        found = _split(tree, top, *split)
    else:
        found = _photos(_class_folders(tree, top))
    names = classes.ordered(photo.category for photo in found)
    if len(names) < 2:
        raise UserError(f"{root / top} holds only one class ({names[0]}): add photos of at least one more")
    return Reading(tuple(sorted(found, key=lambda photo: photo.file)), left_out=tree.left_out)


def _photos(found: Iterable[_Found], split: str | None = None) -> list[Photo]:
    return [Photo(str(photo), category, split) for photo, category in found]


def _unwrap(tree: Tree) -> PurePosixPath:
    """Go down while a folder holds nothing to go by but one folder that itself holds folders or labels."""
    top = PurePosixPath()
    while top / LABELS not in tree.tables and not any(photo.parent == top for photo in tree.photos):
        inner = tree.folders_in(top)
        if len(inner) != 1:
            break
        # A single folder of bare photos is a class, not a wrapping.
        bare = any(photo.parent == inner[0] for photo in tree.photos)
        if bare and inner[0] / LABELS not in tree.tables:
            break
        top = inner[0]
    return top


# --- one folder per class, with or without a split -------------------------------------------------


def _class_folders(tree: Tree, top: PurePosixPath) -> list[_Found]:
    """Return (photo, class) of every photo under `top`, each of which must lie in a class folder."""
    photos = tree.photos_in(top) if top.parts else list(tree.photos)
    depth = len(top.parts)
    for path in tree.tables:
        if path.name == LABELS and top in path.parents:
            raise UserError(
                f"{tree.root / path} labels one folder of several: give {tree.root / path.parent} as the "
                f"data set, or move the folders beside it elsewhere"
            )
    if loose := [photo for photo in photos if photo.parent == top]:
        raise UserError(
            f"{tree.root / top} holds {some(loose)} outside the class folders and no {LABELS}: "
            f"move each into the folder of its class, or add a {LABELS} (header filename,category)"
        )
    if deep := [photo for photo in photos if len(photo.parts) > depth + 2]:
        raise UserError(
            f"{tree.root / top} holds {some(deep)} in folders inside class folders: "
            "move each directly into the folder of its class"
        )
    filled = {photo.parent for photo in photos}
    if empty := [folder for folder in tree.folders_in(top) if folder not in filled]:
        raise UserError(f"{tree.root / empty[0]} holds no photos: add some or remove the folder")
    return [(photo, nfc(photo.parts[depth])) for photo in photos]


def _split_folders(tree: Tree, top: PurePosixPath) -> tuple[PurePosixPath, PurePosixPath] | None:
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


def _split(tree: Tree, top: PurePosixPath, train: PurePosixPath, validation: PurePosixPath) -> list[Photo]:
    found = {"train": _class_folders(tree, train), "val": _class_folders(tree, validation)}
    present = {split: {category for _, category in photos} for split, photos in found.items()}
    for here, there, other in (("train", "val", validation), ("val", "train", train)):
        if lacking := sorted(present[here] - present[there]):
            raise UserError(
                f"{tree.root / other} lacks {some(lacking, 'class', 'classes')}, which "
                f"{(train if here == 'train' else validation).name}/ has: add photos or remove the class"
            )
    if loose := [photo for photo in tree.photos if photo.parent == top]:
        raise UserError(f"{tree.root / top} holds {some(loose)} outside train/ and val/: move or delete them")
    return [photo for split, photos in found.items() for photo in _photos(photos, split)]
