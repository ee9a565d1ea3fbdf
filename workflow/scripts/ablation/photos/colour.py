"""Colours as a person sees them: those of an embedded profile (ICC) become sRGB's."""

from __future__ import annotations

import io
from functools import lru_cache
from itertools import product

import numpy as np
from PIL import Image, ImageCms

# Of a colour space, by the profile's own name for it.
_MODES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}
# Of 255 levels. Profiles of sRGB differ among each other by this much in the darkest of a grid of colours.
_SAME = 2
_GRID = range(0, 256, 15)


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return an image without transparency with its profile's colours as those of sRGB.

    It stays as it is without a profile, with one that is broken or of another colour space than the pixels,
    and with one that says what sRGB says, to 2 of 255 levels. Otherwise its mode is RGB, by littlecms'
    perceptual intent.
    """
    if not profile:
        return image
    image = image if image.mode == _mode(image) else image.convert(_mode(image))
    transform = _transform(profile, image.mode)
    return image if transform is None else _apply(image, transform)


def is_converted(image: Image.Image, profile: bytes | None) -> bool:
    """Tell whether `to_srgb` changes the colours of an image."""
    return bool(profile) and _transform(profile, _mode(image)) is not None


def _mode(image: Image.Image) -> str:
    """Return the mode in which a profile can speak of an image's colours."""
    return image.mode if image.mode in _MODES.values() else "RGB"


# A data set has few profiles. Threads may share a transform: littlecms copies what changes in it.
@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return what turns pixels of a mode into RGB ones of sRGB, or None if they are to stay as they are."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if _MODES.get(source.profile.xcolor_space.strip()) != mode:
            return None
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode == "CMYK":
            return transform
        grid = _grid(mode)
        changed = np.abs(_values(_apply(grid, transform)) - _values(grid.convert("RGB")))
        return transform if changed.max() > _SAME else None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _grid(mode: str) -> Image.Image:
    """Return colours from all over a space, in one line."""
    values = [(grey, grey, grey) for grey in range(256)] if mode == "L" else list(product(_GRID, repeat=3))
    return Image.fromarray(np.array([values], np.uint8)).convert(mode)


def _values(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(np.int16)


def _apply(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    changed = ImageCms.applyTransform(image, transform)
    assert changed is not None  # it is None only where a transform is applied in place
    return changed
