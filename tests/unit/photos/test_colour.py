"""Embedded colour profiles against the formulas of the standards, and those that change nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import profiles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from ablation.photos.colour import to_srgb
from ablation.photos.photo import photo

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (40, 50, 3), dtype=np.uint8)
ADOBE = profiles.rgb(profiles.ADOBE, profiles.gamma(profiles.ADOBE_GAMMA))
P3 = profiles.rgb(profiles.DISPLAY_P3, profiles.srgb_curve())
SRGB = {
    "of littlecms": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "of a table": profiles.rgb(profiles.SRGB, profiles.srgb_curve()),
}


def expected(
    pixels: np.ndarray,
    primaries: tuple[tuple[float, float, float], ...],
    light: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    xyz = light(pixels.reshape(-1, 3) / 255) @ np.array(primaries)
    return profiles.in_srgb(xyz).reshape(pixels.shape)


ADOBE_IN_SRGB = expected(PIXELS, profiles.ADOBE, lambda values: values**profiles.ADOBE_GAMMA)
P3_IN_SRGB = expected(PIXELS, profiles.DISPLAY_P3, profiles.srgb_decoded)


def difference(found: Image.Image, wanted: np.ndarray) -> float:
    assert found.mode == "RGB"
    return float(np.abs(np.asarray(found).astype(float) - wanted).max())


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
@pytest.mark.parametrize(
    ("profile", "wanted"), [(ADOBE, ADOBE_IN_SRGB), (P3, P3_IN_SRGB)], ids=["Adobe", "P3"]
)
def test_colours_of_a_profile_become_those_of_srgb(
    tmp_path: Path, suffix: str, profile: bytes, wanted: np.ndarray
) -> None:
    path = tmp_path / f"a.{suffix}"
    options = {"lossless": True} if suffix == "webp" else {}
    Image.fromarray(PIXELS).save(path, icc_profile=profile, **options)
    # Far from the values in the file.
    assert np.abs(wanted - PIXELS).max() > 40
    assert difference(photo(path), wanted) <= 2


@pytest.mark.parametrize("suffix", ["jpg", "avif"])
def test_formats_of_phones(tmp_path: Path, suffix: str) -> None:
    colours = np.repeat(np.repeat(PIXELS[:4, :4], 16, axis=0), 16, axis=1)
    wanted = expected(colours, profiles.DISPLAY_P3, profiles.srgb_decoded)
    Image.fromarray(colours).save(tmp_path / f"a.{suffix}", icc_profile=P3, quality=100, subsampling="4:4:4")
    assert difference(photo(tmp_path / f"a.{suffix}"), wanted) <= 8


def test_a_palettes_colours(tmp_path: Path) -> None:
    image = Image.fromarray(PIXELS).quantize(16)
    image.save(tmp_path / "a.png", icc_profile=ADOBE)
    plain = np.asarray(image.convert("RGB"))
    wanted = expected(plain, profiles.ADOBE, lambda values: values**profiles.ADOBE_GAMMA)
    assert difference(photo(tmp_path / "a.png"), wanted) <= 2


def test_transparency_is_laid_on_white_behind_the_profile(tmp_path: Path) -> None:
    alpha = RNG.integers(0, 256, (40, 50), dtype=np.uint8)
    Image.fromarray(np.dstack([PIXELS, alpha])).save(tmp_path / "a.png", icc_profile=ADOBE)
    share = alpha[..., None] / 255
    assert difference(photo(tmp_path / "a.png"), ADOBE_IN_SRGB * share + 255 * (1 - share)) <= 3


@pytest.mark.parametrize("wide", [False, True])
def test_grey_of_another_gamma(tmp_path: Path, wide: bool) -> None:
    values = np.arange(256, dtype=np.uint8)[None]
    image = Image.fromarray(values.astype(np.uint16) * 257 if wide else values)
    image.save(tmp_path / "a.png", icc_profile=profiles.grey(profiles.gamma(1.8)))
    wanted = np.repeat(profiles.srgb_encoded((values / 255) ** (461 / 256))[..., None] * 255, 3, axis=2)
    assert difference(photo(tmp_path / "a.png"), wanted) <= 2


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_inks_of_a_profile(tmp_path: Path, suffix: str) -> None:
    """Each ink alone and none: what colours they are, only the profile knows."""
    corners = RNG.uniform((20, -20, -20), (80, 20, 20), (16, 3)).round()
    # No ink is the white of paper, and all inks are black.
    corners[0], corners[15] = (100, 0, 0), (0, 0, 0)
    image = Image.new("CMYK", (80, 16))
    for k, ink in enumerate([(0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 255)]):
        image.paste(ink, (16 * k, 0, 16 * k + 16, 16))
    options = {"quality": 100} if suffix == "jpg" else {}
    image.save(tmp_path / f"a.{suffix}", icc_profile=profiles.cmyk(corners), **options)
    wanted = profiles.lab_in_srgb(corners[[0, 8, 4, 2, 1]])
    found = np.asarray(photo(tmp_path / f"a.{suffix}"))[8, 8::16]
    assert np.abs(found - wanted).max() <= 3


@pytest.mark.parametrize("profile", SRGB.values(), ids=list(SRGB))
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_srgb_by_any_name_changes_no_value(tmp_path: Path, profile: bytes, suffix: str) -> None:
    for name, options in (("with", {"icc_profile": profile}), ("without", {})):
        Image.fromarray(PIXELS).save(tmp_path / f"{name}.{suffix}", **options)
    found, plain = (np.asarray(photo(tmp_path / f"{name}.{suffix}")) for name in ("with", "without"))
    assert np.array_equal(found, plain)


@pytest.mark.parametrize("profile", [None, b"", b"garbage", ADOBE[:200], ADOBE[:128] + bytes(400)])
def test_without_a_profile_that_can_be_read_pixels_are_taken_as_they_are(profile: bytes | None) -> None:
    image = Image.fromarray(PIXELS)
    assert to_srgb(image, profile) is image


@pytest.mark.parametrize(("mode", "profile"), [("L", ADOBE), ("RGB", profiles.grey(profiles.gamma(1)))])
def test_a_profile_of_other_channels_is_none(mode: str, profile: bytes) -> None:
    image = Image.fromarray(PIXELS).convert(mode)
    assert to_srgb(image, profile) is image


@given(place=st.integers(0, len(ADOBE) - 1), value=st.integers(0, 255))
def test_a_changed_profile_never_costs_the_photo(place: int, value: int) -> None:
    changed = bytearray(ADOBE)
    changed[place] = value
    assert to_srgb(Image.fromarray(PIXELS), bytes(changed)).size == (50, 40)
