"""Boxes in photos, cropped to or erased, against torchvision's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pixels import assert_close, levels, seeded
from scipy import stats
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as reference

from ablation.training import augmentation
from ablation.training.transforms.boxes import NOTHING, RandomErasing, RandomResizedCrop, enlarge

DRAWS = 3000
SIZES = [(24, 24), (20, 30), (31, 17), (1, 7), (7, 1), (2, 2)]
# What both take: a wide range, and one of which few boxes fit.
LIMITS: list[dict[str, Any]] = [
    {},
    {"scale": (0.5, 1.0), "ratio": (0.2, 5.0)},
    {"scale": (0.9, 1.0), "ratio": (2.0, 4.0)},
]
Boxed = RandomResizedCrop | RandomErasing


def photos_of(size: tuple[int, int], count: int) -> Tensor:
    return augmentation.to_unit(levels(count, size))


def boxes_of(step: Boxed, size: tuple[int, int], count: int, seed: int = 0) -> np.ndarray:
    drawn = step.draw(count, seeded(seed))[-3:]
    return np.array(
        [step.box(*size, *its) for its in zip(*(values.tolist() for values in drawn), strict=True)]
    )


def theirs_of(step: Boxed, size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Yield boxes of torchvision's transform with the same parameters."""
    limits = {"scale": tuple(step.scale), "ratio": tuple(step.ratio)}
    crop = isinstance(step, RandomResizedCrop)
    theirs = v2.RandomResizedCrop(size, **limits) if crop else v2.RandomErasing(1, **limits)
    while True:
        its = theirs.make_params([torch.empty(3, *size)])
        names = ("top", "left", "height", "width") if crop else ("i", "j", "h", "w")
        # With no value it erases nothing, whatever box it says.
        yield tuple(its[name] for name in names) if crop or its["v"] is not None else NOTHING


@pytest.mark.parametrize("size", SIZES)
def test_a_crop_equals_torchvision(size: tuple[int, int]) -> None:
    photos = photos_of(size, 40)
    boxes = [tuple(map(int, box)) for box in boxes_of(RandomResizedCrop((0.01, 1), (0.2, 5)), size, 40)]
    boxes[0], boxes[1] = (0, 0, *size), (size[0] - 1, size[1] - 1, 1, 1)
    ours = enlarge(photos, boxes)
    # With antialiasing PyTorch repeats the first pixel of photos one pixel wide.
    for antialias in (False, True)[: size[1]]:
        theirs = [
            reference.resized_crop(photo, *box, list(size), antialias=antialias)
            for photo, box in zip(photos, boxes, strict=True)
        ]
        assert_close(ours, torch.stack(theirs), 1e-4)
    assert_close(ours[0], photos[0], 1e-4)


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("size", [*SIZES, (224, 224), (100, 400)])
@pytest.mark.parametrize("kind", [RandomResizedCrop, RandomErasing])
def test_the_same_numbers_make_torchvisions_box(
    kind: Any, size: tuple[int, int], limits: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    step, count = kind(**limits), 60
    *_, areas, ratios, places = (values.tolist() for values in step.draw(count, seeded(1)))
    ours, theirs = boxes_of(step, size, count, 1), theirs_of(step, size)
    for of_photo, area, ratio, place in zip(ours, areas, ratios, places, strict=True):
        numbers = iter([n for pair in zip(area, map(math.log, ratio), strict=True) for n in pair])
        where = iter(place)
        monkeypatch.setattr(torch.Tensor, "uniform_", lambda own, *_, n=numbers: own.fill_(next(n)))
        monkeypatch.setattr(
            torch,
            "randint",
            lambda low, high, w=where, **_: torch.tensor([low + int(next(w) * (high - low))]),
        )
        top, left, high, wide = next(theirs)
        if kind is RandomResizedCrop:
            high, wide = max(high, 1), max(wide, 1)  # torchvision's may be of no pixel
        assert tuple(of_photo) == (top, left, high, wide)
        monkeypatch.undo()


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("size", [(224, 224), (100, 160)])
@pytest.mark.parametrize("kind", [RandomResizedCrop, RandomErasing])
def test_boxes_follow_torchvision(kind: Any, size: tuple[int, int], limits: dict[str, Any]) -> None:
    step = kind(**limits)
    ours, generator = boxes_of(step, size, DRAWS, 2), theirs_of(step, size)
    torch.manual_seed(3)
    theirs = np.array([next(generator) for _ in range(DRAWS)])
    for values in (*range(4), "area"):
        both = [
            boxes[:, values] if values != "area" else boxes[:, 2] * boxes[:, 3] for boxes in (ours, theirs)
        ]
        assert stats.ks_2samp(*both).pvalue > 0.01, values


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(LIMITS), st.integers(0, 2**32))
def test_boxes_lie_in_the_photo(height: int, width: int, limits: dict[str, Any], seed: int) -> None:
    for step in (RandomResizedCrop(**limits), RandomErasing(**limits)):
        top, left, high, wide = boxes_of(step, (height, width), 5, seed).T
        assert (top >= 0).all()
        assert (left >= 0).all()
        assert (top + high <= height).all()
        assert (left + wide <= width).all()
        assert isinstance(step, RandomErasing) or min(high.min(), wide.min()) >= 1


def test_a_crop_of_everything_changes_nothing() -> None:
    photos, step = photos_of((20, 20), 5), RandomResizedCrop((1, 1), (1, 1))
    assert_close(step.apply(photos, step.draw(5, seeded(0))), photos, 1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_erasing_equals_torchvision(size: tuple[int, int]) -> None:
    photos, step = photos_of(size, 60), RandomErasing(0.5, value=(0.1, -2.0, 3.0))
    drawn = step.draw(60, seeded(4))
    ours = step.apply(photos.clone(), drawn)
    value = torch.tensor(step.value).view(3, 1, 1)
    boxes = (step.box(*size, *its) for its in zip(*(its.tolist() for its in drawn[1:]), strict=True))
    expected = [
        reference.erase(photo, *box, value) if mark else photo
        for photo, mark, box in zip(photos, drawn[0], boxes, strict=True)
    ]
    assert torch.equal(ours, torch.stack(expected))


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.9, 1.0])
def test_a_photo_is_erased_with_the_probability(probability: float) -> None:
    photos, step = torch.ones(DRAWS, 3, 8, 8), RandomErasing(probability, scale=(0.2, 0.3))
    erased = (step.apply(photos, step.draw(DRAWS, seeded(5))) != 1).flatten(1).any(dim=1)
    assert stats.binomtest(int(erased.sum()), DRAWS, probability).pvalue > 0.01
