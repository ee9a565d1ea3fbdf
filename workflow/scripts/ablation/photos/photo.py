"""Open one photo the way a person sees it: upright, in colour, on white where it is transparent."""

from __future__ import annotations

import contextlib
import errno
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from ablation.photos import kinds, tiff
from ablation.photos.colour import is_converted, to_srgb
from ablation.running.errors import UserError

# Pillow knows many more. Some hand the file on to other programs: Encapsulated PostScript, which is code, to
# Ghostscript, whatever the file's name ends in.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")
# What pillow_heif calls what phones call HEIC, and what Pillow calls a JPEG with further pictures behind it.
_NAMES = {"HEIF": "HEIC", "MPO": "JPEG"}

_REMEDY = "remove it or replace it by a good copy"
# What the system says of a file that may be a good photo all the same.
_REFUSALS = (errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE)
# Photos of more pixels are opened one at a time: a file of some kilobytes can take gigabytes of memory, and
# there are as many threads as cores.
_LARGE = 25_000_000
_one_at_a_time = threading.Lock()
# Pixels that are turned from 16 into 8 bits at once.
_BAND = 1_000_000
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WIDE_MODES = ("I", "I;16", "I;16L", "I;16B", "I;16N")


class BadPhoto(UserError):
    """A file that is no photo to train on, for a `reason` that stands in the message behind its path."""

    def __init__(self, path: Path, reason: str, remedy: str = _REMEDY) -> None:
        super().__init__(f"{path} {reason}: {remedy}")
        self.reason = reason


@dataclass(frozen=True)
class Opened:
    """A photo as a person sees it, and what it was: `image` is 8-bit RGB, `kind` its format, as JPEG.

    `bits` is how many of 16 bits the largest value takes, None where values have 8 bits. `animated` is
    whether more pictures follow, as frames or pages, `converted` whether a profile of its own made its
    colours others, and `transparent` whether white shows through it.
    """

    image: Image.Image
    kind: str
    bits: int | None
    animated: bool
    converted: bool
    transparent: bool


@dataclass(frozen=True)
class _Shown:
    """An image as 8-bit RGB, and what was made of it, as `Opened` has it."""

    image: Image.Image
    bits: int | None
    converted: bool
    transparent: bool = False


def photo(path: Path) -> Image.Image:
    """Return the whole photo, decoded, turned upright, as 8-bit RGB in the colours of sRGB.

    The format is told by content, not by the file's name. Orientation is EXIF's, and of HEIC and AVIF the
    file's own. Colours are those of an embedded profile, transparency is laid on white, 16 bits are scaled
    to 8, and of an animation the first frame is taken. Raises `BadPhoto` when the file is empty, cut short,
    no image of `FORMATS` or HEIC, larger than Pillow's limit against decompression bombs, or of a kind
    without one meaning as RGB (32-bit or floating-point pixels); `UserError` when it is missing, or the
    system does not let it be read.
    """
    return opened(path).image


def opened(path: Path) -> Opened:
    """Return the photo as `photo` does, with what it was."""
    try:
        with path.open("rb") as file:
            start = file.read(kinds.START)
        if not start:
            raise BadPhoto(path, "is empty")
        return _opened(path, start)
    except BadPhoto:
        raise
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist: restore the photo or remove its label") from error
    except MemoryError as error:
        raise UserError(
            f"{path} needs more memory than there is: give --cores fewer, or make the photo smaller"
        ) from error
    except UnidentifiedImageError as error:
        known = ", ".join((*FORMATS, _NAMES["HEIF"]))
        reason = f"cannot be read as a photo (it is damaged, or none of {known})"
        raise BadPhoto(path, reason) from error
    except Image.DecompressionBombError as error:
        raise BadPhoto(path, f"has too many pixels ({error})", "make it smaller or remove it") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _REFUSALS:
            raise UserError(f"{path} cannot be read ({error.strerror}): restore the photo") from error
        # On damaged files Pillow's decoders raise nearly anything (SyntaxError, struct.error, ...).
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadPhoto(path, f"cannot be read as a photo ({reason})") from error


def _opened(path: Path, start: bytes) -> Opened:
    formats: tuple[str, ...] = FORMATS
    if kinds.is_heif(start):
        # Here, because it takes 0.1 s and few data sets need it.
        import pillow_heif

        pillow_heif.register_heif_opener()
        formats = ("HEIF",)
    try:
        with Image.open(path, formats=formats) as image, _in_turn(image.width * image.height):
            if not isinstance(image, TiffImageFile) or not tiff.is_misread(image.tag_v2):
                return _of_pillow(image)
    except UnidentifiedImageError:
        if not kinds.is_tiff(start):
            raise
    return _of_tifffile(path)


def _in_turn(pixels: int) -> contextlib.AbstractContextManager[object]:
    """Return what has large photos wait for each other."""
    return _one_at_a_time if pixels > _LARGE else contextlib.nullcontext()


def _of_pillow(image: ImageFile) -> Opened:
    # Of a photo that is decoded this is no longer known.
    deep = _has_16_bit_channels(image)
    image.load()
    shown = _rgb(_upright(image), image.info.get("icc_profile"), deep)
    # What follows a phone's photo in the same file (a preview, a map of its depth) is no page of it.
    kind = str(image.format)
    animated = kind not in _NAMES and bool(getattr(image, "is_animated", False))
    name = _NAMES.get(kind, kind)
    return Opened(shown.image, name, shown.bits, animated, shown.converted, shown.transparent)


def _of_tifffile(path: Path) -> Opened:
    with _one_at_a_time:
        read = tiff.read(path)
        bits = int(read.pixels.max()).bit_length() if read.pixels.dtype == np.uint16 else None
        eight = read.pixels if bits is None else _eight_bit(read.pixels)
        image = Image.fromarray(eight, read.mode)
        shown = _rgb(_turned(image, read.orientation), read.profile, False)
        return Opened(shown.image, "TIFF", bits, read.animated, shown.converted, shown.transparent)


def _has_16_bit_channels(image: ImageFile) -> bool:
    """Tell whether Pillow is about to turn channels of 16 bits into 8 while it decodes."""
    if image.mode in _WIDE_MODES:
        return False
    if isinstance(image, TiffImageFile):
        return tiff.bits(image.tag_v2) == 16
    return image.format == "PNG" and any(";16" in str(tile.args) for tile in image.tile)


def _upright(image: Image.Image) -> Image.Image:
    # Not ImageOps.exif_transpose: it also rewrites the whole EXIF block, and fails on tags that
    # cameras got wrong, in photos that every viewer shows.
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:
        return image
    return _turned(image, orientation)


def _turned(image: Image.Image, orientation: object) -> Image.Image:
    method = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if method is None else image.transpose(method)


def _rgb(image: Image.Image, profile: bytes | None, deep: bool) -> _Shown:
    """Return an image as 8-bit RGB; `deep` is whether it had channels of 16 bits, of which Pillow keeps 8."""
    if image.mode in _WIDE_MODES:
        wide = np.asarray(image)
        if wide.min() < 0 or wide.max() > 65535:
            raise ValueError("its grey values go beyond 16 bits")
        grey = Image.fromarray(_eight_bit(wide))
        shown = to_srgb(grey, profile).convert("RGB")
        return _Shown(shown, int(wide.max()).bit_length(), is_converted(grey, profile))
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers, not 8 or 16 bits")
    transparent = False
    if image.has_transparency_data:
        image = image.convert("RGBA")
        colours, alpha = image.convert("RGB"), image.getchannel("A")
        converted, transparent = is_converted(colours, profile), bool((np.asarray(alpha) < 255).any())
        if profile:
            image = to_srgb(colours, profile).convert("RGBA")
            image.putalpha(alpha)
        found = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    else:
        # A copy even where the mode is right already, since the opened file is closed afterwards.
        converted = is_converted(image, profile)
        found = colours = to_srgb(image, profile).convert("RGB")
    bits = 8 + int(np.asarray(colours).max()).bit_length() if deep else None
    return _Shown(found, bits, converted, transparent)


def _eight_bit(wide: np.ndarray) -> np.ndarray:
    """Scale 0..65535 to 0..255, rounding to the nearest (Pillow's own conversion clips at 255)."""
    eight = np.empty(wide.size, np.uint8)
    for start in range(0, wide.size, _BAND):
        band = wide.reshape(-1)[start : start + _BAND].astype(np.int64)
        eight[start : start + _BAND] = (band + 128) // 257
    return eight.reshape(wide.shape)
