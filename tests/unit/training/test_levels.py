"""Changes of levels and of sharpness against torchvision's, photo by photo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pixels import assert_close, levels
from torch import Tensor
from torchvision.transforms.v2 import functional as reference

from ablation.training import augmentation
from ablation.training.transforms.levels import (
    autocontrast,
    by_counting,
    by_sorting,
    equalize,
    posterize,
    sharpness,
    solarize,
)

SIZES = [(24, 24), (20, 30), (3, 3), (2, 9), (1, 7), (1, 1)]


def noise(count: int, size: tuple[int, int]) -> Tensor:
    return augmentation.to_unit(levels(count, size))


def each(photos: Tensor, change: Callable[..., Tensor], *values: Any) -> Tensor:
    """Return what torchvision's function makes of each photo alone, with its own values."""
    return torch.stack([change(photo.clone(), *its) for photo, *its in zip(photos, *values, strict=True)])


def column(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1, 1)


@pytest.mark.parametrize("size", SIZES)
def test_posterizing_equals_torchvision(size: tuple[int, int]) -> None:
    photos, bits = noise(9, size), list(range(9))
    assert torch.equal(
        posterize(photos, column([2.0**each for each in bits])), each(photos, reference.posterize, bits)
    )


@pytest.mark.parametrize("size", SIZES)
def test_solarizing_equals_torchvision(size: tuple[int, int]) -> None:
    thresholds = torch.linspace(1, 0, 31).tolist()
    photos = noise(31, size)
    photos[:, 0] = column(thresholds).squeeze(1)  # at the threshold itself
    ours = solarize(photos, column(thresholds))
    assert torch.equal(ours, each(photos, reference.solarize, thresholds))


@pytest.mark.parametrize("size", SIZES)
def test_sharpness_equals_torchvision(size: tuple[int, int]) -> None:
    factors = [0.0, 0.1, 0.5, 0.9, 1.0, 1.3, 1.99]
    photos = noise(7, size)
    assert_close(sharpness(photos, column(factors)), each(photos, reference.adjust_sharpness, factors), 1e-6)


@settings(max_examples=150, deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 3), st.integers(1, 24), st.integers(1, 24), st.just(3))),
    st.integers(1, 255),
)
@example(np.zeros((2, 20, 20, 3), np.uint8), 1)
@example(np.full((2, 20, 20, 3), 255, np.uint8), 1)
@example(levels(5, (40, 40)).numpy(), 1)
@example(levels(5, (40, 40)).numpy(), 100)
def test_autocontrast_and_equalizing_equal_torchvision(pixels: np.ndarray, step: int) -> None:
    """With so few levels, too, that some of them are frequent."""
    photos = augmentation.to_unit(torch.from_numpy(pixels // step * step))
    assert torch.equal(autocontrast(photos), each(photos, reference.autocontrast))
    assert torch.equal(equalize(photos), each(photos, reference.equalize))
    as_bytes = (photos * 255).to(torch.uint8).flatten(2)
    assert torch.equal(by_sorting(as_bytes), by_counting(as_bytes))  # a GPU's way


def test_equalizing_levels_between_those_of_8_bits_equals_torchvision() -> None:
    photos = torch.rand(5, 3, 30, 40, generator=torch.Generator().manual_seed(1))
    assert torch.equal(equalize(photos), each(photos, reference.equalize))
