"""What the painted flowers look like: the same at any size, and not told apart by colour alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ablation.photos.drawn.drawing import photo


@pytest.mark.parametrize("number", range(4))
def test_a_photo_looks_the_same_at_another_size(number: int) -> None:
    large, small = (photo(2, number, number, size) for size in ((640, 480), (256, 192)))
    tiny = [np.asarray(image.resize((32, 32), Image.Resampling.BOX), np.float64) for image in (large, small)]
    assert np.abs(tiny[0] - tiny[1]).mean() < 4


def test_photos_of_a_species_differ() -> None:
    shots = [photo(2, 0, number, (64, 48)).resize((48, 48)) for number in range(6)]
    arrays = [np.asarray(shot, np.float64) for shot in shots]
    apart = [np.abs(a - b).mean() for k, a in enumerate(arrays) for b in arrays[:k]]
    assert min(apart) > 10


def colours(seed: int, species: int, number: int) -> NDArray[np.float64]:
    """How often each of 8 x 4 x 4 hues, saturations and values occurs in the middle of a photo."""
    image = photo(seed, species, number, (128, 96)).convert("HSV")
    width, height = image.size
    image = image.crop((width // 5, height // 5, width * 4 // 5, height * 4 // 5))
    hsv = np.asarray(image, np.intp).reshape(-1, 3) // (32, 64, 64)
    counts = np.bincount(hsv @ (16, 4, 1), minlength=128)
    return np.sqrt(counts / counts.sum())


@pytest.mark.parametrize("seed", [1, 2])
def test_colour_helps_but_does_not_suffice(seed: int) -> None:
    """A nearest-centroid rule on colours beats chance (1/12) well, and leaves work for shape and pattern."""
    table = np.array([[colours(seed, s, p) for p in range(16)] for s in range(12)])
    centroids = table[:, :10].mean(axis=1)
    tests = table[:, 10:]
    gaps = ((tests[:, :, None] - centroids) ** 2).sum(axis=-1)
    accuracy = (gaps.argmin(axis=-1) == np.arange(12)[:, None]).mean()
    assert 0.25 < accuracy < 0.9, accuracy
