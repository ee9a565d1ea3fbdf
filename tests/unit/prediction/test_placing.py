"""Maps over photos, against what Pillow does to photos that are made square and torch to what is enlarged."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from ablation.photos import resizing
from ablation.prediction.placing import PLACES, spread

SIDE = 64
# Width and height: as usual, of odd sides, small, square, and so long that little of them is enlarged.
SHAPES = ((150, 90), (91, 157), (20, 33), (80, 80), (1900, 64), (30, 700))


def test_every_way_to_make_photos_square_has_a_way_back() -> None:
    assert PLACES.keys() == resizing.WAYS.keys()


@pytest.mark.parametrize("resize", resizing.WAYS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("axis", [0, 1])
def test_a_slope_comes_back_to_where_it_was(resize: str, shape: tuple[int, int], axis: int) -> None:
    """A photo that brightens along a side is made square by Pillow, and its square laid over it as a map."""
    width, height = shape
    across = np.linspace(40, 240, (height, width)[axis])
    slope = np.broadcast_to(across[:, None] if axis == 0 else across, (height, width))
    photo = Image.fromarray(np.rint(slope).astype(np.uint8)).convert("RGB")
    square = resizing.square(photo, SIDE, resize, "bilinear")
    found = spread(np.asarray(square)[..., 0].astype(np.float32), width, height, SIDE, resize)
    assert found.shape == (height, width)
    assert found.dtype == np.float32
    # At its edges a photo is mixed with a bar, or with itself.
    inner = found.copy()
    edge = int(np.ceil(max(width, height) / SIDE)) + 1
    inner[:edge] = inner[-edge:] = inner[:, :edge] = inner[:, -edge:] = np.nan
    seen = ~np.isnan(inner)
    assert seen.any()
    # A pixel of the square is so many of the photo, of which Pillow rounds the mean.
    step = 200 / min(len(across), SIDE)
    np.testing.assert_allclose(inner[seen], slope[seen], rtol=0, atol=step / 2 + 2)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_network_sees_what_the_map_covers_and_nothing_else(shape: tuple[int, int]) -> None:
    width, height = shape
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    unseen = np.isnan(spread(np.ones((2, 2), np.float32), width, height, SIDE, "crop"))
    assert unseen.any() == (width != height)
    # Pillow mixes each pixel with those beside it.
    scale = int(np.ceil(max(min(width, height) / SIDE, 1))) + 1
    far = unseen.copy()
    for axis in (0, 1):
        for step in range(1, scale + 1):
            far &= np.roll(unseen, step, axis) & np.roll(unseen, -step, axis)
    other = np.where(far[..., None], 255 - pixels, pixels)
    one, two = (resizing.square(Image.fromarray(each), SIDE, "crop", "bilinear") for each in (pixels, other))
    assert one.tobytes() == two.tobytes()
    for resize in ("squash", "pad"):
        assert not np.isnan(spread(np.ones((2, 2), np.float32), width, height, SIDE, resize)).any()


@pytest.mark.parametrize("grid", [(7, 7), (1, 1), (2, 3), (64, 64)])
def test_a_map_of_a_whole_photo_is_torchs_bilinear_one(grid: tuple[int, int]) -> None:
    values = np.random.default_rng(1).random(grid, dtype=np.float32)
    expected = functional.interpolate(torch.tensor(values)[None, None], (90, 150), mode="bilinear")[0, 0]
    np.testing.assert_allclose(spread(values, 150, 90, SIDE, "squash"), expected, rtol=0, atol=1e-5)
