"""Photos made square against torchvision's and Pillow's ways, byte by byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packs import SIZE
from PIL import Image, ImageOps

from ablation.photos import manifest, pack, packing, resizing
from ablation.photos.photo import photo

METHODS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
sides = st.integers(1, 200)


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


def torchvisions(image: Image.Image, size: int, method: str, *, crop: bool) -> Image.Image:
    from torchvision.transforms.v2 import functional

    if not crop:
        return functional.resize(image, [size, size], method)
    return functional.center_crop(functional.resize(image, [size], method), [size])


@settings(max_examples=150, deadline=None)
@given(sides, sides, st.integers(1, 64), st.sampled_from(METHODS))
@example(1, 15, 8, "bilinear")
@example(19, 1, 8, "bicubic")
def test_squashing_and_cropping_equal_torchvision(width: int, height: int, size: int, method: str) -> None:
    image = noise(width, height)
    squashed = resizing.square(image, size, "squash", method)
    assert (pixels(squashed) == pixels(torchvisions(image, size, method, crop=False))).all()
    cropped = resizing.square(image, size, "crop", method)
    assert cropped.size == (size, size)
    if max(width, height) <= resizing.LONG * min(width, height):
        assert (pixels(cropped) == pixels(torchvisions(image, size, method, crop=True))).all()


@settings(max_examples=150, deadline=None)
@given(sides, sides, st.integers(1, 64), st.sampled_from(METHODS))
@example(1, 200, 8, "bilinear")
def test_padding_equals_pillow(width: int, height: int, size: int, method: str) -> None:
    image, way = noise(width, height), Image.Resampling[method.upper()]
    padded = resizing.square(image, size, "pad", method)
    assert padded.size == (size, size)
    if min(width, height) / max(width, height) * size >= 0.6:  # Pillow's may be of no pixel
        assert (pixels(padded) == pixels(ImageOps.pad(image, (size, size), way))).all()


@pytest.mark.parametrize("size", [(1, 65_000), (20_000, 20)])
def test_a_long_photo_is_cropped_without_enlarging_all_of_it(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = noise(*size)
    found = pixels(resizing.square(image, 32, "crop", "bilinear"))
    monkeypatch.setattr(resizing, "LONG", np.inf)
    assert np.abs(found - pixels(resizing.square(image, 32, "crop", "bilinear"))).max() <= 1


@pytest.mark.parametrize("resize", resizing.WAYS)
def test_a_pack_holds_photos_made_square_this_way(
    root: Path, listed: Path, tmp_path: Path, resize: str
) -> None:
    packing.build(root, listed, SIZE, tmp_path / "pack", resize=resize, interpolation="bicubic")
    found = pack.load(tmp_path / "pack")
    for entry, its in zip(manifest.read(listed), found.photos, strict=True):
        assert (its == pixels(resizing.square(photo(root / entry.file), SIZE, resize, "bicubic"))).all()
