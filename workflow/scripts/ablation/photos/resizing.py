"""Ways to make photos square: the aspect ratio given up, the long side cropped, or the short one padded."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

# Of a photo this many times as long as wide, only the part that stays is enlarged: all of it could take
# gigabytes. Values then differ by rounding from torchvision's.
LONG = 20


def squash(image: Image.Image, size: int, method: Image.Resampling) -> Image.Image:
    """torchvision Resize((size, size)): the whole photo, its aspect ratio not kept."""
    return image.resize((size, size), method)


def crop(image: Image.Image, size: int, method: Image.Resampling) -> Image.Image:
    """torchvision Resize(size) and CenterCrop(size): the short side whole, the middle of the long one."""
    width, height = image.size
    wide, high = (size, size * height // width) if width <= height else (size * width // height, size)
    left, top = round((wide - size) / 2), round((high - size) / 2)
    if max(wide, high) > LONG * size:
        scale = min(width, height) / size
        box = (left * scale, top * scale, (left + size) * scale, (top + size) * scale)
        return image.resize((size, size), method, box=box)
    return image.resize((wide, high), method).crop((left, top, left + size, top + size))


def pad(image: Image.Image, size: int, method: Image.Resampling) -> Image.Image:
    """Pillow's ImageOps.pad, a letterbox: the whole photo, in the middle between black bars."""
    longest = max(image.size)
    wide, high = (max(round(side / longest * size), 1) for side in image.size)
    square = Image.new("RGB", (size, size))
    square.paste(image.resize((wide, high), method), (round((size - wide) / 2), round((size - high) / 2)))
    return square


WAYS: dict[str, Callable[[Image.Image, int, Image.Resampling], Image.Image]] = {
    "squash": squash,
    "crop": crop,
    "pad": pad,
}


def square(image: Image.Image, size: int, resize: str, interpolation: str) -> Image.Image:
    """Return a photo size x size pixels, made square in one of `WAYS` with one of Pillow's filters."""
    return WAYS[resize](image, size, Image.Resampling[interpolation.upper()])
