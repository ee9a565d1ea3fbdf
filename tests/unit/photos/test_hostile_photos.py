"""Hostile photos: whole or refused in one line, in bounded memory, and nothing of them executed."""

from __future__ import annotations

import contextlib
import io
import os
import random
import stat
import struct
import subprocess
import sys
import threading
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile import FOUR, _no_hang, outcome, refused, write_photos  # noqa: F401
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import EpsImagePlugin, ExifTags, Image

from ablation.photos import manifest, pack
from ablation.photos import photo as photos
from ablation.running.errors import UserError
from places import SCRIPTS

# What Pillow says about damage in passing.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::DeprecationWarning:PIL")


def opened(path: Path) -> Image.Image | None:
    """The photo, whole and as RGB; None if it was refused in one line that names the file."""
    found = outcome(lambda: photos.photo(path))
    if isinstance(found, UserError):
        assert path.name in str(found)
        return None
    assert found.mode == "RGB"
    assert len(found.tobytes()) == 3 * found.width * found.height
    return found


# --- photos ----------------------------------------------------------------------------------------

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8))
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpg": ("JPEG", {}),
    "progressive.jpg": ("JPEG", {"progressive": True}),
    "png": ("PNG", {}),
    "gif": ("GIF", {}),
    "webp": ("WEBP", {}),
    "lossless.webp": ("WEBP", {"lossless": True}),
    "bmp": ("BMP", {}),
    "tif": ("TIFF", {}),
    "deflate.tif": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "jpeg.tif": ("TIFF", {"compression": "jpeg"}),
}
SUFFIXES = sorted({name.split(".")[-1] for name in KINDS})


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


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_cut_at_every_length(tmp_path: Path, kind: str) -> None:
    name, options = KINDS[kind]
    content = encoded(NOISE, name, **options)
    path = tmp_path / f"a.{kind}"
    for length in range(len(content) + 1):
        path.write_bytes(content[:length])
        found = opened(path)
        # Some readers forgive that the last bytes are missing, none a missing half.
        assert found is None or length > len(content) / 2
    assert found is not None
    assert found.size == NOISE.size


@settings(max_examples=150, deadline=None)
@given(start=st.integers(2, 700), rest=st.binary(max_size=1000), kind=st.sampled_from(sorted(KINDS)))
def test_random_bytes_behind_a_good_start(
    tmp_path_factory: pytest.TempPathFactory, start: int, rest: bytes, kind: str
) -> None:
    path = tmp_path_factory.mktemp("random") / f"a.{kind}"
    name, options = KINDS[kind]
    path.write_bytes(encoded(NOISE, name, **options)[:start] + rest)
    opened(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_ends_wrong_does_not_matter(tmp_path: Path, kind: str) -> None:
    name, options = KINDS[kind]
    for suffix in SUFFIXES:
        path = tmp_path / f"a.{suffix}"
        path.write_bytes(encoded(NOISE, name, **options))
        found = opened(path)
        assert found is not None
        assert found.size == NOISE.size


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"\xff" * 5000, b"<html></html>"], ids=repr)
def test_what_is_no_photo_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content[:5000])
    assert opened(path) is None


OTHERS = [
    *(
        "PPM",
        "TGA",
        "ICO",
        "PCX",
        "JPEG2000",
        "SGI",
        "DDS",
        "ICNS",
        "XBM",
        "MSP",
        "SPIDER",
        "PDF",
        "EPS",
        "AVIF",
    )
]


@pytest.mark.parametrize("kind", OTHERS)
def test_formats_that_no_photo_has_are_refused(tmp_path: Path, kind: str) -> None:
    image = NOISE.convert({"XBM": "1", "MSP": "1", "SPIDER": "F"}.get(kind, "RGB"))
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(image, kind))
    refused(lambda: photos.photo(path), str(path), *photos.FORMATS)


@pytest.fixture
def postscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A program by the name of Ghostscript that leaves a mark, and PostScript that calls itself a JPEG."""
    marker = tmp_path / "pwned"
    program = tmp_path / "bin" / "gs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch '{marker}'\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(NOISE, "EPS"))
    return path, marker


def test_postscript_is_not_run(postscript: tuple[Path, Path]) -> None:
    path, marker = postscript
    assert opened(path) is None
    assert not marker.exists()


def test_the_file_above_would_be_run(postscript: tuple[Path, Path]) -> None:
    path, marker = postscript
    with contextlib.suppress(Exception), Image.open(path) as image:
        image.load()
    assert marker.exists()


@pytest.mark.parametrize("size", [(1, 1), (20_000, 20), (20, 20_000), (1, 65_000)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "GIF"])
def test_odd_sizes_are_photos(tmp_path: Path, size: tuple[int, int], kind: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(Image.new("RGB", size, "red"), kind))
    found = opened(path)
    assert found is not None
    assert found.size == size


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


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_decompression_bomb_is_refused(tmp_path: Path, bomb: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(BOMBS[bomb]())
    refused(lambda: photos.photo(path), "a.png")


def test_more_pixels_than_announced_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(4, 4, 8, 2, zlib.compress(bytes(100_000_000), 1)))
    found = opened(path)
    assert found is None or found.size == (4, 4)


def test_16_bit_photos_take_little_more_memory_than_their_pixels(tmp_path: Path) -> None:
    side = 4000
    path = tmp_path / "a.png"
    path.write_bytes(png(side, side, 16, 0, zlib.compress(bytes((2 * side + 1) * side), 1)))
    tracemalloc.start()
    assert opened(path) is not None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * side**2


def test_large_photos_are_opened_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    NOISE.save(path)
    convert, busy, most = photos._rgb, [0], [0]

    def slow(image: Image.Image) -> Image.Image:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        event.wait(0.01)
        busy[0] -= 1
        return convert(image)

    event = threading.Event()
    monkeypatch.setattr(photos, "_rgb", slow)
    monkeypatch.setattr(photos, "_LARGE", NOISE.width * NOISE.height - 1)
    threads = [threading.Thread(target=photos.photo, args=(path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_of_an_animation_the_first_frame_is_taken(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "lime")]
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    found = opened(path)
    assert found is not None
    assert np.abs(np.asarray(found).astype(int) - (255, 0, 0)).max() <= 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("field", ["icc_profile", "exif"])
@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"\0",
        b"garbage" * 1000,
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        b"II*\0\x08\0\0\0\x01\0" + b"\xff" * 12,
    ],
    ids=["empty", "zero", "garbage", "cut", "wrong"],
)
def test_garbage_beside_the_pixels_does_not_cost_the_photo(
    tmp_path: Path, kind: str, field: str, block: bytes
) -> None:
    path = tmp_path / "a.jpg"
    try:
        path.write_bytes(encoded(NOISE, kind, **{field: block}))
    except SyntaxError:  # Pillow itself writes no TIFF with such a block
        return
    found = opened(path)
    assert found is not None
    assert found.size == NOISE.size


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_there_is_not_is_upright(tmp_path: Path, value: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = value
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(NOISE, "JPEG", exif=exif))
    found = opened(path)
    assert found is not None
    assert found.size == NOISE.size


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bits_in_every_channel(tmp_path: Path, colour: int, channels: int) -> None:
    path = tmp_path / "a.png"
    white = (b"\0" + b"\xff" * 2 * channels * 3) * 3
    path.write_bytes(png(3, 3, 16, colour, zlib.compress(white)))
    found = opened(path)
    assert found is not None
    assert np.asarray(found).min() == 255


# --- the steps that open photos ----------------------------------------------------------------------


def index(root: Path, output: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPTS / "index.py", "--photos", root, "--output", output]
    return subprocess.run(
        [*command, "--train-fraction", "0.5", "--seed", "0"], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "content",
    [b"", encoded(NOISE, "PNG")[:200], encoded(NOISE, "JPEG")[:100] + random.Random(0).randbytes(500), BOMBS[
        "one-bit PNG"
    ]()],
    ids=["empty", "cut", "random", "bomb"],
)  # fmt: skip
def test_a_bad_photo_stops_the_index_with_one_line(tmp_path: Path, content: bytes) -> None:
    root = write_photos(tmp_path / "photos", *FOUR)
    (root / "b/1.png").write_bytes(content)
    ended = index(root, tmp_path / "out" / "manifest.csv")
    assert ended.returncode == 1
    errors = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "b/1.png" in errors[0]
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "out" / "manifest.csv").exists()


@pytest.mark.parametrize("size", [(20_000, 20), (20, 20_000), (1, 1)])
def test_odd_sizes_reach_the_pack(tmp_path: Path, size: tuple[int, int]) -> None:
    root = write_photos(tmp_path / "photos", *FOUR)
    Image.new("RGB", size, "red").save(root / "b/1.png")
    manifest.write(manifest.build(root, 0.5, 0), tmp_path / "manifest.csv")
    pack.build(root, tmp_path / "manifest.csv", 64, tmp_path / "pack")
    found = pack.load(tmp_path / "pack")
    assert found.photos.shape == (4, 64, 64, 3)
    assert np.abs(found.photos[found.files.index("b/1.png")].astype(int) - (255, 0, 0)).max() == 0
