"""TIFFs of 16 bits of every kind, as tifffile writes them, against the values that were written."""

from __future__ import annotations

import io
import logging
import struct
from pathlib import Path
from typing import Any

import numpy as np
import profiles
import pytest
import tifffile
from hostile import _no_hang  # noqa: F401
from hostile_photos import opened as outcome
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from ablation.photos.photo import BadPhoto, opened, photo

# What tifffile and Pillow say about damage in passing.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 65536, (34, 50), dtype=np.uint16)
RGB = RNG.integers(0, 65536, (34, 50, 3), dtype=np.uint16)
ALPHA = RNG.integers(0, 65536, (34, 50, 1), dtype=np.uint16)
PLANAR: dict[str, Any] = {"photometric": "rgb", "planarconfig": "separate"}
BLACK: dict[str, Any] = {"photometric": "minisblack"}
WHITE: dict[str, Any] = {"photometric": "miniswhite"}
COLOURS: dict[str, Any] = {"photometric": "rgb"}


def eight(values: np.ndarray) -> np.ndarray:
    """16 bits as 8, N x M x 3."""
    values = values[..., None] if values.ndim == 2 else values
    return np.broadcast_to(values / 257, (*values.shape[:2], 3))


def planes(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(values, -1, 0))


KINDS: dict[str, tuple[np.ndarray, dict[str, Any], np.ndarray]] = {
    "grey": (GREY, BLACK, GREY),
    "rgb": (RGB, COLOURS, RGB),
    "white is zero": (GREY, WHITE, 65535 - GREY),
    "planes": (planes(RGB), PLANAR, RGB),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzma"])
@pytest.mark.parametrize(
    "layout",
    [{}, {"tile": (16, 16)}, {"rowsperstrip": 5}, {"bigtiff": True}],
    ids=["", "tiles", "strips", "big"],
)
def test_16_bits(tmp_path: Path, kind: str, byteorder: Any, compression: Any, layout: Any) -> None:
    values, options, wanted = KINDS[kind]
    path = tmp_path / "a.jpg"
    tifffile.imwrite(path, values, byteorder=byteorder, compression=compression, **options, **layout)
    found = opened(path)
    # Pillow keeps the upper 8 bits of colours, which is less by up to one.
    assert np.abs(np.asarray(found.image) - eight(wanted)).max() <= 1
    assert (found.kind, found.bits) == ("TIFF", 16)


@pytest.mark.parametrize("kind", ["grey", "planes", "contiguous"])
@pytest.mark.parametrize("alpha", ["unassalpha", "assocalpha"])
def test_transparency_of_16_bits_is_laid_on_white(tmp_path: Path, kind: str, alpha: str) -> None:
    colours = GREY[..., None] if kind == "grey" else RGB
    if alpha == "assocalpha":
        colours = np.minimum(colours, ALPHA)
    values = np.concatenate([colours, ALPHA], axis=2)
    options: dict[str, Any] = {
        "extrasamples": [alpha],
        "photometric": "minisblack" if kind == "grey" else "rgb",
    }
    if kind == "planes":
        values, options = planes(values), options | {"planarconfig": "separate"}
    else:
        options |= {"planarconfig": "contig"}
    tifffile.imwrite(tmp_path / "a.tif", values, **options)
    light = colours / 65535 if alpha == "assocalpha" else colours / 65535 * (ALPHA / 65535)
    wanted = 255 * (light + 1 - ALPHA / 65535)
    found = np.asarray(photo(tmp_path / "a.tif")).astype(float)
    # Where hardly anything is left of a colour, dividing by its alpha of 8 bits and multiplying again rounds.
    assert np.abs(found - wanted).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["planes", "white is zero"])
def test_orientation_and_profile(tmp_path: Path, orientation: int, kind: str) -> None:
    values, options, wanted = KINDS[kind]
    tifffile.imwrite(tmp_path / "a.tif", values, extratags=[(274, 3, 1, orientation, True)], **options)
    image = Image.fromarray(np.rint(eight(wanted)).astype(np.uint8))
    image.getexif()[274] = orientation
    upright = np.asarray(ImageOps.exif_transpose(image)).astype(int)
    assert np.abs(np.asarray(photo(tmp_path / "a.tif")) - upright).max() <= 1


def test_a_profile_of_planes(tmp_path: Path) -> None:
    profile = profiles.rgb(profiles.ADOBE, profiles.gamma(profiles.ADOBE_GAMMA))
    tifffile.imwrite(tmp_path / "a.tif", planes(RGB), iccprofile=profile, **PLANAR)
    light = (RGB.reshape(-1, 3) / 65535) ** profiles.ADOBE_GAMMA
    wanted = profiles.in_srgb(light @ np.array(profiles.ADOBE)).reshape(RGB.shape)
    different = np.abs(np.asarray(photo(tmp_path / "a.tif")) - wanted)
    # Dark colours of 8 bits are far from each other in another space.
    assert different.max() <= 8
    assert different.mean() < 0.5


EIGHT: dict[str, tuple[np.ndarray, dict[str, Any], np.ndarray]] = {
    "planes": (planes(RGB >> 8).astype(np.uint8), PLANAR, RGB >> 8),
    "white is zero": ((GREY >> 8).astype(np.uint8), WHITE, 255 - (GREY >> 8)),
    "one bit": (GREY > 30000, BLACK, (GREY > 30000) * 255),
}


@pytest.mark.parametrize("kind", EIGHT)
def test_fewer_bits(tmp_path: Path, kind: str) -> None:
    values, options, wanted = EIGHT[kind]
    tifffile.imwrite(tmp_path / "a.tif", values, **options)
    found = opened(tmp_path / "a.tif")
    assert np.array_equal(found.image, np.broadcast_to(wanted.reshape(34, 50, -1), (34, 50, 3)))
    assert found.bits is None


def test_a_palette(tmp_path: Path) -> None:
    """Whose colours have 16 bits in every TIFF."""
    colours = RNG.integers(0, 65536, (3, 256), dtype=np.uint16)
    values = (GREY >> 8).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="palette", colormap=colours)
    assert np.abs(np.asarray(photo(tmp_path / "a.tif")) - colours.T[values] / 257).max() <= 1


def test_inks_of_16_bits(tmp_path: Path) -> None:
    inks = RNG.integers(0, 65536, (34, 50, 4), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated")
    share = inks / 65535
    wanted = 255 * (1 - share[..., :3]) * (1 - share[..., 3:])
    assert np.abs(np.asarray(photo(tmp_path / "a.tif")) - wanted).max() <= 3


def test_the_first_of_several_pages(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.stack([GREY, GREY[::-1], GREY]), **BLACK)
    found = opened(tmp_path / "a.tif")
    assert found.animated
    assert np.abs(np.asarray(found.image) - eight(GREY)).max() <= 1
    with tifffile.TiffWriter(tmp_path / "b.tif") as file:
        for values in (GREY, GREY[::-1]):
            file.write(values, **WHITE)
    found = opened(tmp_path / "b.tif")
    assert found.animated
    assert np.abs(np.asarray(found.image) - eight(65535 - GREY)).max() <= 1


NO_PHOTOS: dict[str, tuple[np.ndarray, dict[str, Any], str]] = {
    "float": (GREY.astype(np.float32), BLACK, "floating-point"),
    "float RGB": (RGB.astype(np.float32), COLOURS, "float32, not whole numbers"),
    "half": (GREY.astype(np.float16), BLACK, "float16, not whole numbers"),
    "planes of float": (planes(RGB).astype(np.float32), PLANAR, "float32, not whole numbers"),
    "32 bits": (GREY.astype(np.uint32) << 8, BLACK, "beyond 16 bits"),
    "32 bits, RGB": (RGB.astype(np.uint32), COLOURS, "uint32, not whole numbers"),
    "negative": (GREY.astype(np.int16), BLACK, "beyond 16 bits"),
    "negative, 8 bits": (GREY.astype(np.int8), BLACK, "int8, not whole numbers"),
    "five channels": (np.repeat(RGB, 2, axis=2)[..., :5], BLACK | {"planarconfig": "contig"}, "5 channels"),
    "three greys": (RGB, BLACK | {"planarconfig": "contig"}, r"3 channels \(MINISBLACK\) are neither"),
    "palette": (
        GREY,
        {"photometric": "palette", "colormap": RNG.integers(0, 65536, (3, 65536), dtype=np.uint16)},
        r"1 channels \(PALETTE\) are neither",
    ),
}


@pytest.mark.parametrize("kind", NO_PHOTOS)
def test_values_without_one_meaning_are_refused(tmp_path: Path, kind: str) -> None:
    values, options, reason = NO_PHOTOS[kind]
    tifffile.imwrite(tmp_path / "a.tif", values, **options)
    with pytest.raises(BadPhoto, match=rf"a\.tif cannot be read as a photo \(.*{reason}.*\): remove it"):
        photo(tmp_path / "a.tif")


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "zstd"])
def test_a_compression_that_only_pillow_knows(tmp_path: Path, compression: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(GREY).save(buffer, "TIFF", compression=compression)
    (tmp_path / "a.tif").write_bytes(buffer.getvalue())
    assert np.abs(np.asarray(photo(tmp_path / "a.tif")) - eight(GREY)).max() <= 1
    black, white = (struct.pack("<HHIHH", 262, 3, 1, value, 0) for value in (1, 0))
    assert buffer.getvalue().count(black) == 1
    (tmp_path / "a.tif").write_bytes(buffer.getvalue().replace(black, white))
    name = compression.removeprefix("tiff_").upper()
    with pytest.raises(BadPhoto, match=rf"not read if compressed by {name}; as PNG it would be"):
        photo(tmp_path / "a.tif")


def odd(kind: str, compression: Any = None) -> bytes:
    values, options, _ = KINDS[kind]
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, compression=compression, rowsperstrip=10, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["planes", "white is zero"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_one_that_is_cut(
    tmp_path: Path, kind: str, compression: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    content = odd(kind, compression)
    path = tmp_path / "a.tif"
    for end in {*range(0, 400, 3), *range(400, len(content), 97), len(content) - 1}:
        path.write_bytes(content[:end])
        assert outcome(path) is None
    path.write_bytes(content)
    assert outcome(path) is not None


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), min_size=1, max_size=5),
    kind=st.sampled_from(["planes", "white is zero"]),
)
def test_one_with_changed_bytes(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], kind: str
) -> None:
    content = bytearray(odd(kind))
    for place, value in changes:
        content[place] = value
    path = tmp_path_factory.mktemp("changed") / "a.tif"
    path.write_bytes(content)
    outcome(path)
