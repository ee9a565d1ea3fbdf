"""Open every photo once, before anything trains, and say of all at once which are bad and what others are."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ablation.photos import photo as photos
from ablation.photos.reading import MIND
from ablation.photos.tree import LeftOut
from ablation.photos.wording import some
from ablation.running import files
from ablation.running.errors import UserError

# How those that cannot be used are counted among what is left out; the reason follows.
UNREADABLE = "unreadable: "

_DEEP = 16
_SHOWN = 3


@dataclass(frozen=True)
class _Seen:
    """What is kept of a photo that is good."""

    sha256: str
    kind: str
    size: tuple[int, int]
    bits: int | None
    animated: bool
    converted: bool
    transparent: bool


@dataclass(frozen=True)
class Checked:
    """What opening all photos has shown.

    `hashes` are the SHA-256 of the good ones by file, `bad` the others with the reason, and `notes` what was
    made of them that their pixels do not tell.
    """

    hashes: dict[str, str]
    bad: tuple[LeftOut, ...]
    kinds: dict[str, int]
    """How many of the readable photos have which format, the commonest first."""
    sizes: dict[str, tuple[int, int]]
    """Width and height in pixels of the `smallest`, `median` and `largest` of them, by pixels."""
    notes: tuple[str, ...]


def check(
    root: Path,
    names: Sequence[str],
    inspect: Callable[[str, Image.Image], None] = lambda _file, _photo: None,
    threads: int | None = os.cpu_count(),
) -> Checked:
    """Open the files of these names under `root`, `threads` at once.

    `inspect` is called with each file and its decoded photo, by any thread and in any order. Raises
    `UserError` where the system lets a file not be read, which says nothing about the photo.
    """

    def look(name: str) -> _Seen | LeftOut:
        path = root / name
        try:
            opened = photos.opened(path)
        except photos.BadPhoto as error:
            return LeftOut(name, f"{UNREADABLE}{error.reason}")
        inspect(name, opened.image)
        what = (opened.bits, opened.animated, opened.converted, opened.transparent)
        return _Seen(files.sha256(path), opened.kind, opened.image.size, *what)

    # Pillow and hashlib let go of the interpreter's lock while they work, so threads are enough.
    with ThreadPoolExecutor(threads) as pool:
        try:
            found = dict(zip(names, pool.map(look, names), strict=True))
        except OSError as error:
            raise UserError(
                f"{error.filename} cannot be read ({error.strerror}): restore the photo"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)
    good = {name: one for name, one in found.items() if isinstance(one, _Seen)}
    return Checked(
        {name: one.sha256 for name, one in good.items()},
        tuple(one for one in found.values() if isinstance(one, LeftOut)),
        dict(Counter(one.kind for one in good.values()).most_common()),
        _sizes(one.size for one in good.values()),
        tuple(_notes(good)),
    )


def refuse(bad: Sequence[LeftOut], root: Path) -> None:
    """Raise `UserError` if there are bad photos, which says how many and why the first ones are."""
    if not bad:
        return
    first = [f"{root / one.file} {one.why.removeprefix(UNREADABLE)}" for one in bad[:_SHOWN]]
    several = len(bad) > 1
    told = "; ".join(first) + ("; ..." if len(bad) > _SHOWN else "")
    what = f"{len(bad)} photos cannot be used, each of which is in the log: {told}" if several else told
    raise UserError(
        f"{what}: remove {'them' if several else 'it'} or replace {'them' if several else 'it'} by "
        f"{'good copies' if several else 'a good copy'}, or say `bad_photos: leave_out` in config.yaml to go "
        f"on without {'them' if several else 'it'}"
    )


def _sizes(sizes: Iterable[tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Return width and height of the smallest, the median (the lower of two) and the largest by pixels."""
    ordered = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    if not ordered:
        return {}
    return {"smallest": ordered[0], "median": ordered[(len(ordered) - 1) // 2], "largest": ordered[-1]}


def _notes(good: dict[str, _Seen]) -> Iterable[str]:
    if animated := [name for name, one in good.items() if one.animated]:
        yield f"of {some(animated)} with several frames or pages the first is taken"
    if converted := [name for name, one in good.items() if one.converted]:
        yield f"the colours of {some(converted)} are turned from an embedded profile's into sRGB's"
    if transparent := [name for name, one in good.items() if one.transparent]:
        yield f"the transparent parts of {some(transparent)} are laid on white"
    deep = {name: one.bits for name, one in good.items() if one.bits is not None}
    if deep:
        yield f"the 16 bits of {some(deep)} are made 8"
    bits = max(deep.values(), default=_DEEP)
    # One scale for all photos, whatever is in them: their brightness may be what tells classes apart.
    if bits < _DEEP:
        yield (
            f"{MIND}{some(deep)} of 16 bits use {bits} bits at most, so that they come out dark and with few "
            f"shades: multiply the values of all of them by {2 ** (_DEEP - bits)} and index again"
        )
