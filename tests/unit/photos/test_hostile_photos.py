"""Hostile photos: whole or refused in one line, in bounded memory, and nothing of them executed."""

from __future__ import annotations

import contextlib
import os
import random
import stat
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile import FOUR, _no_hang, refused, write_photos  # noqa: F401
from hostile_photos import BOMBS, NOISE, encoded, opened, png
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import EpsImagePlugin, ExifTags, Image

from ablation.photos import photo as photos
from places import SCRIPTS

# What Pillow says about damage in passing.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::DeprecationWarning:PIL")

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
    "avif": ("AVIF", {}),
}
SUFFIXES = sorted({name.split(".")[-1] for name in KINDS})


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
