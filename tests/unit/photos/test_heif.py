"""HEIC and HEIF: written by pillow_heif itself, whatever their suffix, upright and in their colours."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import profiles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from ablation.photos.photo import BadPhoto, opened, photo
from places import SCRIPTS


def corners(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """A picture with four corners of different colours, so that each turn of it is another picture."""
    image = Image.new("RGB", size, (200, 40, 40))
    w, h = size[0] // 2, size[1] // 2
    image.paste((40, 200, 40), (w, 0, size[0], h))
    image.paste((40, 40, 200), (0, h, w, size[1]))
    image.paste((200, 200, 40), (w, h, *size))
    return image


def heif(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=95, chroma=444, **options)
    return buffer.getvalue()


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif.tobytes()


def upright(image: Image.Image, orientation: int) -> np.ndarray:
    image = image.copy()
    image.getexif()[ExifTags.Base.Orientation] = orientation
    return np.asarray(ImageOps.exif_transpose(image)).astype(int)


def difference(found: Image.Image, wanted: np.ndarray) -> float:
    """The mean, as at the edges between colours the codec rings."""
    assert found.size == wanted.shape[1::-1]
    return float(np.abs(np.asarray(found).astype(float) - wanted).mean())


@pytest.mark.parametrize("name", ["a.HEIC", "a.heif", "a.jpg", "a"])
def test_it_is_told_by_its_content(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(heif(corners()))
    found = opened(tmp_path / name)
    assert (found.kind, found.animated, found.bits) == ("HEIC", False, None)
    assert difference(found.image, np.asarray(corners())) < 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(tmp_path: Path, orientation: int) -> None:
    """Which pillow_heif writes as HEIF's own turning (irot, imir), beside the EXIF."""
    path = tmp_path / "a.heic"
    path.write_bytes(heif(corners(), exif=turned(orientation)))
    wanted = upright(corners(), orientation)
    assert difference(photo(path), wanted) < 3
    others = [upright(corners(), other) for other in range(1, 9) if other != orientation]
    assert all(other.shape != wanted.shape or np.abs(other - wanted).mean() > 20 for other in others)


@pytest.mark.parametrize(("own", "tag"), [(6, 1), (6, 3), (3, 8)])
def test_heifs_own_turning_counts_and_exifs_does_not(tmp_path: Path, own: int, tag: int) -> None:
    """As ISO/IEC 23008-12 says, and viewers do: photos of phones have both, and would be turned twice."""
    exif = turned(own)
    content = heif(corners(), exif=exif)
    assert content.count(exif[6:]) == 1
    (tmp_path / "a.heic").write_bytes(content.replace(exif[6:], turned(tag)[6:]))
    assert difference(photo(tmp_path / "a.heic"), upright(corners(), own)) < 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_is_upright_too(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    corners().save(tmp_path / "a.avif", quality=95, exif=exif)
    found = opened(tmp_path / "a.avif")
    assert found.kind == "AVIF"
    assert difference(found.image, upright(corners(), orientation)) < 4


def test_colours_of_a_phone(tmp_path: Path) -> None:
    profile = profiles.rgb(profiles.DISPLAY_P3, profiles.srgb_curve())
    plain = np.asarray(corners())
    xyz = profiles.srgb_decoded(plain.reshape(-1, 3) / 255) @ np.array(profiles.DISPLAY_P3)
    image = corners()
    image.info["icc_profile"] = profile
    (tmp_path / "a.heic").write_bytes(heif(image))
    wanted = profiles.in_srgb(xyz).reshape(plain.shape)
    assert difference(Image.fromarray(plain), wanted) > 10
    assert difference(photo(tmp_path / "a.heic"), wanted) < 4


def test_transparency_and_grey(tmp_path: Path) -> None:
    clear = corners()
    clear.putalpha(Image.new("L", clear.size, 0))
    (tmp_path / "a.heic").write_bytes(heif(clear))
    assert np.asarray(photo(tmp_path / "a.heic")).min() > 250
    grey = corners().convert("L")
    (tmp_path / "b.heic").write_bytes(heif(grey))
    assert difference(photo(tmp_path / "b.heic"), np.asarray(grey.convert("RGB"))) < 3


def test_10_bits_are_scaled(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 128 * 64).reshape(64, 128).astype(np.uint16)
    buffer = io.BytesIO()
    image = pillow_heif.from_bytes("RGB;16", (128, 64), np.repeat(values[..., None], 3, axis=2).tobytes())
    image.save(buffer, quality=95, chroma=444)
    (tmp_path / "a.heic").write_bytes(buffer.getvalue())
    assert difference(photo(tmp_path / "a.heic"), np.repeat((values / 257)[..., None], 3, axis=2)) < 3


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1), place=st.integers(0, 10**6), value=st.integers(0, 255))
def test_damage_ends_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, share: float, place: int, value: int
) -> None:
    content = bytearray(heif(corners()))
    content[place % len(content)] = value
    path = tmp_path_factory.mktemp("damaged") / "a.heic"
    path.write_bytes(content[: int(share * len(content))])
    try:
        assert photo(path).mode == "RGB"
    except BadPhoto as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017


def test_others_do_not_pay_for_it(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "a.tif"):
        corners().save(tmp_path / name)
    code = (
        "import sys; from pathlib import Path; from ablation.photos.photo import photo\n"
        f"for path in Path({str(tmp_path)!r}).iterdir(): photo(path)\n"
        "sys.exit(bool({'pillow_heif', 'tifffile'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(SCRIPTS)})
