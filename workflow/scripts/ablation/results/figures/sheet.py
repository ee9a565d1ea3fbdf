"""A sheet of photos as they train: a few of each of a few classes, those that validate in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ablation.photos.manifest import TRAIN, VAL, Entry
from ablation.photos.overview import Way
from ablation.photos.wording import fitted, wrapped
from ablation.results.figures import fonts
from ablation.results.figures.canvas import DPI, VALIDATION, save, styled

if TYPE_CHECKING:
    from ablation.photos.pack import Pixels

MOST_CLASSES = 12
# Photos of a class, where there are at most so many classes: then side by side in one column, else in two.
FEW_CLASSES, MANY_PHOTOS, FEW_PHOTOS = 6, 8, 4
# Pixels. Photos with sides below the first are shown a whole number of times as large, above the second
# a whole number of times smaller.
SMALLEST, LARGEST = 128, 288
# Pixels: around all, between the photos of a class, between the two columns, of the frame; of a line of text,
# of one of its letters, and from its foot to what is below.
MARGIN, GAP, ALLEY, FRAME = 20, 12, 40, 4
LINE, LETTER, FOOT = 26, 10, 11
FONT = 9

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """A class on the sheet: how many of its photos train and validate, and those shown, in that order."""

    category: str
    train: int
    val: int
    shown: tuple[Entry, ...]


@dataclass(frozen=True)
class Place:
    """Where a row is on the sheet: left end and upper edge of its photos, in pixels from the top left."""

    left: int
    top: int


@dataclass(frozen=True)
class Layout:
    """A sheet's size and its rows' places, in pixels; `side` is a photo's, `row` the width of a row."""

    width: int
    height: int
    side: int
    row: int
    places: tuple[Place, ...]


def chosen(entries: Sequence[Entry]) -> list[Row]:
    """Return the classes and photos of a manifest that the sheet shows, evenly spaced.

    At least one photo of each class trains and one validates; the part of those that do is as in the class.
    """
    by_class: dict[str, list[Entry]] = {}
    for entry in entries:
        by_class.setdefault(entry.category, []).append(entry)
    classes = evenly(list(by_class), MOST_CLASSES)
    most = MANY_PHOTOS if len(classes) <= FEW_CLASSES else FEW_PHOTOS
    rows = []
    for category in classes:
        train, val = ([one for one in by_class[category] if one.split == part] for part in (TRAIN, VAL))
        share = round(most * len(val) / (len(train) + len(val)))
        validate = max(1, min(share, most - 1), most - len(train))
        few = evenly(val, validate)
        rows.append(Row(category, len(train), len(val), (*evenly(train, most - len(few)), *few)))
    return rows


def evenly(items: Sequence[T], most: int) -> list[T]:
    """Return at most `most` (1 or more) of the items, evenly spaced from the first to the last."""
    if len(items) <= most:
        return list(items)
    steps = max(most - 1, 1)
    return [items[k * (len(items) - 1) // steps] for k in range(most)]


def side_shown(size: int) -> int:
    """Return the side in pixels with which photos of `size` pixels are shown."""
    if size > LARGEST:
        return -(-size // -(-size // LARGEST))
    return size * -(-SMALLEST // size)


def arranged(rows: Sequence[Row], size: int, lines: int) -> Layout:
    """Return where the rows go under so many lines of text; `size` is the side of the photos that train."""
    side = side_shown(size)
    columns = 1 if len(rows) <= FEW_CLASSES else 2
    row = max(len(one.shown) for one in rows) * (side + GAP) - GAP
    down = -(-len(rows) // columns)
    top, step = MARGIN + LINE * lines + FOOT, LINE + side + GAP
    places = tuple(
        Place(MARGIN + k // down * (row + ALLEY), top + k % down * step + LINE) for k in range(len(rows))
    )
    width = 2 * MARGIN + columns * row + (columns - 1) * ALLEY
    return Layout(width, top + down * step - GAP + MARGIN, side, row, places)


def pixels(photo: Path, way: Way) -> Pixels:
    """Return a photo as it trains, and as large as it is shown: uint8, side x side x 3."""
    import numpy as np

    from ablation.photos.photo import photo as opened
    from ablation.photos.resizing import square

    made = square(opened(photo), way.size, way.resize, way.interpolation)
    if way.size > LARGEST:
        return np.asarray(made.reduce(-(-way.size // LARGEST)))
    times = side_shown(way.size) // way.size
    return np.asarray(made).repeat(times, axis=0).repeat(times, axis=1)


def title(name: str, way: Way, shown: int, classes: int) -> str:
    """Return what stands above the photos; `shown` of so many classes are on the sheet."""
    told = f"{fitted(name, 60)}: photos as they train, {way.size} x {way.size} pixels ({way.resize})"
    if side_shown(way.size) != way.size:
        told += f", shown as {side_shown(way.size)} x {side_shown(way.size)}"
    which = f"{shown} of {classes} classes" if shown < classes else f"{classes} classes"
    return f"{told}. {which}. In a frame: photos that validate."


@styled
def draw(root: Path, entries: Sequence[Entry], way: Way, name: str, path: Path, threads: int | None) -> None:
    """Draw the sheet of a data set as PNG; its photos are under `root`, `threads` are decoded at once.

    Raises UserError for a photo that cannot be read, and where the disk refuses.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from matplotlib.transforms import IdentityTransform

    rows = chosen(entries)
    with ThreadPoolExecutor(threads) as pool:
        made = list(pool.map(lambda one: pixels(root / one.file, way), (e for r in rows for e in r.shown)))
    photos = iter(made)
    fonts.use([name, *(row.category for row in rows)])
    told = title(name, way, len(rows), len({entry.category for entry in entries}))
    # The text is broken by the width, which is that of the photos.
    width = arranged(rows, way.size, 0).width
    head = wrapped("", told, 0, (width - 2 * MARGIN) // LETTER)
    layout = arranged(rows, way.size, len(head))
    # Half a pixel more, since what is left of one is cut off.
    figure = Figure(figsize=((layout.width + 0.5) / DPI, (layout.height + 0.5) / DPI), dpi=DPI)
    to_pixels = IdentityTransform()

    def write(left: int, bottom: int, text: str) -> None:
        figure.text(
            *(left, layout.height - bottom, text),
            fontsize=FONT,
            transform=to_pixels,
        )

    for number, line in enumerate(head, start=1):
        write(MARGIN, MARGIN + number * LINE - FOOT, line)
    for row, place in zip(rows, layout.places, strict=True):
        counts = f" ({row.train} train, {row.val} validate)"
        room = layout.row // LETTER - len(counts)
        write(place.left, place.top - FOOT, fitted(row.category, max(room, 12)) + counts)
        for k, entry in enumerate(row.shown):
            left, bottom = place.left + k * (layout.side + GAP), layout.height - place.top - layout.side
            figure.figimage(next(photos), left, bottom)
            if entry.split == VAL:
                framed = layout.side + 2 * FRAME
                frame = Rectangle((left - FRAME, bottom - FRAME), framed, framed, color=VALIDATION)
                frame.set(transform=to_pixels, zorder=-1)
                figure.add_artist(frame)
    save(figure, path, photos=True)
