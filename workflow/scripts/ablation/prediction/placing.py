"""Where the pixels of a photo lie in the square that a network sees: the ways of `photos/resizing.py`, back.

Not beside them, since whatever is changed there has all photos packed again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ablation.photos.resizing import LONG

# float32, rows x columns: of a grid of places, or of a photo's pixels.
Map = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Place:
    """Where the whole photo would lie in the square, in the square's pixels, from its upper left corner.

    `left` and `top` are below 0 where some of the photo is cut off, above it where bars are beside it.
    """

    wide: float
    high: float
    left: float = 0
    top: float = 0


def squash(_width: int, _height: int, side: int) -> Place:
    """Return the place of a photo that fills the square."""
    return Place(side, side)


def crop(width: int, height: int, side: int) -> Place:
    """Return the place of a photo whose long side sticks out at both ends."""
    shortest = min(width, height)
    # Of usual photos the longer side is whole pixels, and what is left of one is lost.
    wide, high = (
        one * side / shortest if max(width, height) > LONG * shortest else one * side // shortest
        for one in (width, height)
    )
    return Place(wide, high, -round((wide - side) / 2), -round((high - side) / 2))


def pad(width: int, height: int, side: int) -> Place:
    """Return the place of a photo between bars."""
    longest = max(width, height)
    wide, high = (max(round(one / longest * side), 1) for one in (width, height))
    return Place(wide, high, round((side - wide) / 2), round((side - high) / 2))


PLACES: dict[str, Callable[[int, int, int], Place]] = {"squash": squash, "crop": crop, "pad": pad}


def spread(grid: Map, width: int, height: int, side: int, resize: str) -> Map:
    """Return a grid over the square as a map of a photo's pixels: float32 height x width, between its places.

    `grid` is float32 rows x columns, each an equal part of the square; `side` are the square's pixels, and
    `resize` is how the photo was made square. Pixels of which the network saw nothing, as cut off, are NaN.
    Bilinear, as torchvision and Pillow enlarge: what lies beyond the middle of the outermost is as that.
    """
    place = PLACES[resize](width, height, side)
    rows, columns = grid.shape
    down, right = (
        _between(height, place.high, place.top, side, rows),
        _between(width, place.wide, place.left, side, columns),
    )
    tall = _mixed(grid, down)
    found = _mixed(tall.T, right).T
    found[~down.seen] = np.nan
    found[:, ~right.seen] = np.nan
    return np.ascontiguousarray(found)


@dataclass(frozen=True)
class _Between:
    """Of each pixel along a side: its two places, how much the second of them counts, and if it is seen."""

    first: np.ndarray[Any, np.dtype[np.int64]]
    second: np.ndarray[Any, np.dtype[np.int64]]
    part: Map
    seen: np.ndarray[Any, np.dtype[np.bool_]]


def _between(pixels: int, whole: float, start: float, side: int, places: int) -> _Between:
    middles = (np.arange(pixels) + 0.5) * whole / pixels + start
    at = np.clip(middles * places / side - 0.5, 0, places - 1)
    first = np.floor(at).astype(np.int64)
    seen = (middles >= 0) & (middles <= side)
    return _Between(first, np.minimum(first + 1, places - 1), (at - first).astype(np.float32), seen)


def _mixed(grid: Map, between: _Between) -> Map:
    """Return rows between those of a grid."""
    part = between.part[:, None]
    found: Map = grid[between.first] * (1 - part) + grid[between.second] * part
    return found
