"""Photos as bytes, among them some made to do harm, and opening one."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from hostile import outcome
from PIL import Image

from ablation.photos.photo import photo
from ablation.running.errors import UserError

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8))


def opened(path: Path) -> Image.Image | None:
    """The photo, whole and as RGB; None if it was refused in one line that names the file."""
    found = outcome(lambda: photo(path))
    if isinstance(found, UserError):
        assert path.name in str(found)
        return None
    assert found.mode == "RGB"
    assert len(found.tobytes()) == 3 * found.width * found.height
    return found


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, bits: int, colour: int, pixels: bytes, *chunks: bytes) -> bytes:
    """A PNG of a colour type (0 grey, 2 RGB, 6 RGBA); `pixels` are its lines, compressed."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def announced(kind: str) -> bytes:
    """A small file that announces 60,000 x 60,000 pixels."""
    content = encoded(NOISE, kind)
    small = {
        "JPEG": (struct.pack(">HH", 12, 10), struct.pack(">HH", 60_000, 60_000)),
        "BMP": (struct.pack("<II", 10, 12), struct.pack("<II", 60_000, 60_000)),
        "GIF": (struct.pack("<HH", 10, 12), struct.pack("<HH", 60_000, 60_000)),
        "TIFF": (struct.pack("<HHII", 256, 4, 1, 10), struct.pack("<HHII", 256, 4, 1, 360_000_000)),
    }[kind]
    assert small[0] in content
    return content.replace(*small)


BOMBS = {
    "announced JPEG": lambda: announced("JPEG"),
    "announced BMP": lambda: announced("BMP"),
    "announced GIF": lambda: announced("GIF"),
    "announced TIFF": lambda: announced("TIFF"),
    "announced PNG": lambda: png(2**31 - 1, 2**31 - 1, 8, 2, b""),
    "one-bit PNG": lambda: png(20_000, 20_000, 1, 0, zlib.compress(bytes(2501 * 20_000), 9)),
    "text": lambda: png(
        4, 4, 8, 2, zlib.compress(bytes(52)), chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000), 1))
    ),
    "profile": lambda: png(
        4, 4, 8, 2, zlib.compress(bytes(52)), chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(80_000_000), 1))
    ),
}
