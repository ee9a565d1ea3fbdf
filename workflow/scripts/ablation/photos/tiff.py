"""Read by tifffile the TIFFs that Pillow reads wrongly or not at all: of 16 bits, planar or white at zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import tifffile

# Tags, and of them values, by TIFF 6.0.
_BITS, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION = 258, 259, 262, 274
_PLANAR, _SAMPLES, _PROFILE = 284, 339, 34675
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _COLOURS = 0, 1, 2
_SEPARATE, _SIGNED = 2, 2
# What tifffile unpacks by the standard library: none, Deflate under its two numbers, LZMA. It leaves others
# to imagecodecs, which is larger than all else that photos need.
_UNPACKED = (1, 8, 32946, 34925)
# Pillow's modes, by channels and what the TIFF says of the last one: that it is alpha, associated (1) or not.
# Grey with alpha becomes colours, for Pillow knows no alpha that is associated with grey.
_MODES = {
    (1, None): "L",
    (3, None): "RGB",
    (2, 1): "RGBa",
    (2, 2): "RGBA",
    (4, 1): "RGBa",
    (4, 2): "RGBA",
}


@dataclass(frozen=True)
class Read:
    """A picture: `pixels` are uint8 or uint16, H x W or H x W x channels, black at zero.

    `mode` is Pillow's for these channels of 8 bits, `orientation` the value of the tag, None without one,
    `animated` whether another page follows.
    """

    pixels: np.ndarray
    mode: str
    orientation: object
    profile: bytes | None
    animated: bool


def is_misread(tags: Mapping[int, Any]) -> bool:
    """Tell by its tags whether Pillow (13.0.0) opens a TIFF, but finds other values than it holds.

    Channels of 16 bits that lie one behind the other, uncompressed, come out as noise; grey of 16 bits with
    white at zero as its negative; and negative numbers of 8 bits as light ones.
    """
    noise = tags.get(_PLANAR) == _SEPARATE and tags.get(_COMPRESSION, 1) == 1
    if bits(tags) > 8:
        return bool(noise or tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO)
    return bits(tags) == 8 and _SIGNED in tags.get(_SAMPLES, ())


def bits(tags: Mapping[int, Any]) -> int:
    """Return how many bits a channel has by a TIFF's tags."""
    return int(max(tags.get(_BITS, (1,))))


def read(path: Path) -> Read:
    """Return the first picture of a TIFF. Raises `ValueError` for kinds without one meaning as a photo."""
    # Here, because it takes 0.2 s and few data sets need it.
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        assert isinstance(page, tifffile.TiffPage)
        limit = Image.MAX_IMAGE_PIXELS
        if limit is not None and page.imagewidth * page.imagelength > 2 * limit:
            raise Image.DecompressionBombError(f"{page.imagewidth} x {page.imagelength}")
        mode = _mode(page)
        # tifffile takes what lies beyond the end of a file for zeros.
        ends = [start + count for start, count in zip(page.dataoffsets, page.databytecounts, strict=True)]
        if not ends or min(page.databytecounts) == 0 or max(ends) > path.stat().st_size:
            raise ValueError("its end is missing")
        pixels = np.asarray(page.asarray(maxworkers=1))
        if page.axes == "SYX":
            pixels = np.moveaxis(pixels, 0, -1)
        if page.photometric == _WHITE_IS_ZERO:
            pixels = np.iinfo(pixels.dtype).max - pixels
        if page.samplesperpixel == 2:
            pixels = pixels[..., (0, 0, 0, 1)]
        orientation, profile = (page.tags.valueof(tag) for tag in (_ORIENTATION, _PROFILE))
        return Read(pixels, mode, orientation, profile, _has_another(file))


def _has_another(file: tifffile.TiffFile) -> bool:
    """Tell whether a second page follows, without looking for all of them."""
    try:
        return file.pages[1] is not None
    except IndexError:
        return False


def _mode(page: tifffile.TiffPage) -> str:
    """Return Pillow's mode for 8 bits of a picture; raise ValueError if it has none."""
    import tifffile

    dtype = page.dtype
    if dtype is None or dtype not in (np.uint8, np.uint16):
        values = "unknown" if dtype is None else dtype.name
        raise ValueError(f"the type of its values is {values}, not whole numbers of 8 or 16 bits")
    if page.bitspersample != 8 * dtype.itemsize:
        raise ValueError(f"its values have {page.bitspersample} bits, and not 8 or 16")
    if page.compression not in _UNPACKED:
        packed = _name(tifffile.COMPRESSION, page.compression)
        raise ValueError(f"a TIFF of its kind is not read if compressed by {packed}; as PNG it would be")
    extra = tuple(page.extrasamples)
    mode = _MODES.get((page.samplesperpixel, extra[0] if extra else None))
    channels = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _COLOURS: 3}.get(page.photometric)
    if mode is None or channels != page.samplesperpixel - len(extra):
        meaning = _name(tifffile.PHOTOMETRIC, page.photometric)
        raise ValueError(f"its {page.samplesperpixel} channels ({meaning}) are neither grey nor RGB")
    if page.axes not in ("YX", "YXS", "SYX"):
        raise ValueError(f"its axes are {page.axes}, not those of one photo")
    return mode


def _name(numbers: type[IntEnum], number: int) -> str:
    """Return what TIFF calls a number, or itself if it has no name."""
    return {one.value: one.name for one in numbers}.get(number, str(number))
