"""Which photos are to be classified: those of a folder, of an archive, or files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ablation.photos import archive, manifest, reading, tree
from ablation.photos.reading import counted
from ablation.photos.tree import LeftOut
from ablation.prediction.predicting import Photo
from ablation.running.errors import UserError


def find(given: Sequence[Path], unpacked: Path, tell: Callable[[str], None]) -> list[Photo]:
    """Return the photos in folders and archives, sorted, and files as they are, in the order given.

    Archives are unpacked into folders of their own below `unpacked`. Of a single folder or archive photos are
    named by their path in it, else by the path given with that behind it. `tell` is called with a line of
    what is left out. Raises UserError for what is not there, and for a folder without photos.
    """
    found: list[Photo] = []
    for number, path in enumerate(given):
        if not path.exists():
            raise UserError(f"{path} does not exist: name a photo, a folder or an archive of photos")
        root = path
        if path.is_file():
            if not archive.is_archive(path):
                found.append(Photo(str(path), path))
                continue
            root = unpacked / str(number)
            archive.unpack(path, root)
        before = "" if len(given) == 1 else f"{path}/"
        found += [Photo(f"{before}{name}", root / name) for name in photos_in(root, path, tell)]
    return found


def of_test_set(listed: Path, root: Path) -> list[Photo]:
    """Return the photos of a data set's test set, labelled or not, sorted; `root` is the data set's folder.

    The former are those of the manifest beside `listed`, its reading.json, which lists the latter. Raises
    UserError if there are none.
    """
    found = reading.read(listed)
    if found is None:
        raise UserError(f"{listed} does not exist: it is written when the data set is indexed")
    labelled = [
        entry.file for entry in manifest.read(listed.with_name(manifest.FILE)) if entry.split == manifest.TEST
    ]
    names = sorted([*labelled, *(one["file"] for one in found["waiting"])])
    if not names:
        raise UserError(f"the data set came without a test set, by {listed}: name other photos")
    return [Photo(name, root / name) for name in names]


def photos_in(root: Path, named: Path, tell: Callable[[str], None]) -> list[str]:
    """Return the photos under a folder; `named` is what the user calls it."""
    seen = tree.look(root)
    left_out = [*seen.left_out, *(LeftOut(str(table), table.suffix.lower()) for table in seen.tables)]
    if not seen.photos:
        tree.refuse_archives(seen)
        raise UserError(f"{named} holds no photos: name a folder or an archive that does")
    if left_out:
        tell(f"left out of {named}: {', '.join(counted(left_out))}")
    return [str(name) for name in seen.photos]
