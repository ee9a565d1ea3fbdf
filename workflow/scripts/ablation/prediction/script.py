"""The script of some 15 lines in an export that classifies by its ONNX file, without this program."""

from __future__ import annotations

from pathlib import Path

FILE = "predict_onnx.py"
# It is no part of the library: whoever has an export reads it, and runs it elsewhere.
SOURCE = Path(__file__).parents[3] / "export" / FILE

_SQUASH = "    photo = photo.resize((size, size), method)\n"
# As photos/resizing.py does, but for photos over 20 times as long as wide, which differ by rounding.
_WAYS = {
    "squash": _SQUASH,
    "crop": (
        "    photo = photo.resize([size * side // min(photo.size) for side in photo.size], method)\n"
        "    left, top = (round((side - size) / 2) for side in photo.size)\n"
        "    photo = photo.crop((left, top, left + size, top + size))\n"
    ),
    "pad": "    photo = ImageOps.pad(photo, (size, size), method)\n",
}


def text(resize: str) -> str:
    """Return the script for photos that are made square in one of `resizing.WAYS`."""
    source = SOURCE.read_text(encoding="utf-8")
    assert source.count(_SQUASH) == 1
    return source.replace(_SQUASH, _WAYS[resize])
