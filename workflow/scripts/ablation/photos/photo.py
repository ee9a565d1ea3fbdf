"""Open one photo the way a person sees it: upright, in colour, on white where it is transparent."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from ablation.running.errors import UserError

# Pillow knows many more. Some hand the file on to other programs: Encapsulated PostScript, which is code, to
# Ghostscript, whatever the file's name ends in.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")

_REMEDY = "remove it or replace it by a good copy"
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


def photo(path: Path) -> Image.Image:
    """Return the whole photo, decoded, turned upright by its EXIF tag, as 8-bit RGB.

    The format is told by content, not by the file's name. Transparency is laid on white, 16-bit grey is
    scaled to 8 bits, and of an animation the first frame is taken. Raises `UserError` when the file is
    missing, cut short, no image of `FORMATS`, larger than Pillow's limit against decompression bombs, or
    of a kind without one meaning as RGB (32-bit or floating-point pixels).
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            large = image.width * image.height > _LARGE
            with _one_at_a_time if large else contextlib.nullcontext():
                image.load()
                return _rgb(_upright(image))
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist: restore the photo or remove its label") from error
    except UnidentifiedImageError as error:
        kinds = ", ".join(FORMATS)
        raise UserError(
            f"{path} cannot be read as a photo (it is damaged, or none of {kinds}): {_REMEDY}"
        ) from error
    except Image.DecompressionBombError as error:
        raise UserError(f"{path} has too many pixels ({error}): make it smaller") from error
    except Exception as error:
        # On damaged files Pillow's decoders raise nearly anything (SyntaxError, struct.error, ...).
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path} cannot be read as a photo ({reason}): {_REMEDY}") from error


def _upright(image: Image.Image) -> Image.Image:
    # Not ImageOps.exif_transpose: it also rewrites the whole EXIF block, and fails on tags that
    # cameras got wrong, in photos that every viewer shows.
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:
        return image
    method = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if method is None else image.transpose(method)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in _WIDE_MODES:
        return _eight_bit(image).convert("RGB")
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers, not 8 or 16 bits")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    # A copy even where the mode is right already, since the opened file is closed afterwards.
    return image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Scale 0..65535 to 0..255, rounding to the nearest (Pillow's own conversion clips at 255)."""
    wide = np.asarray(image)
    if wide.min() < 0 or wide.max() > 65535:
        raise ValueError("its grey values go beyond 16 bits")
    eight = np.empty(wide.size, np.uint8)
    for start in range(0, wide.size, _BAND):
        band = wide.reshape(-1)[start : start + _BAND].astype(np.int64)
        eight[start : start + _BAND] = (band + 128) // 257
    return Image.fromarray(eight.reshape(wide.shape))
