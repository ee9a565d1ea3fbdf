"""The batched transforms against torchvision's, photo by photo, and their parameters."""

from __future__ import annotations

import colorsys
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pixels import STRONG, assert_close, levels, seeded
from scipy import stats
from torch import Tensor
from torchvision import transforms as torchvisions
from torchvision.transforms.v2 import functional as reference

from ablation.training import augmentation
from ablation.training.transforms import colour, geometry
from ablation.training.transforms.base import Transform
from ablation.training.transforms.colour import ColorJitter, Grayscale
from ablation.training.transforms.geometry import HorizontalFlip, Rotation, VerticalFlip
from ablation.training.transforms.normalization import Normalize
from ablation.training.transforms.table import TRANSFORMS

SIZES = [(24, 24), (20, 30), (30, 20), (1, 7)]
REFERENCES = {
    "brightness": reference.adjust_brightness,
    "contrast": reference.adjust_contrast,
    "saturation": reference.adjust_saturation,
    "hue": reference.adjust_hue,
}


def noise(count: int, size: tuple[int, int] = (8, 8), seed: int = 0) -> Tensor:
    """Photos in 0..1, with 256 levels."""
    return augmentation.to_unit(levels(count, size, seed))


def applied(step: Transform, photos: Tensor, seed: int = 0) -> Tensor:
    """Return photos transformed; the argument stays as it is."""
    return step.apply(photos.clone(), step.draw(len(photos), seeded(seed)))


def column(values: list[float]) -> Tensor:
    return torch.tensor(values).view(-1, 1, 1, 1)


# --- each operation equals torchvision's, with other parameters for each photo ----------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "values", "tolerance"),
    [
        ("brightness", [0.0, 0.5, 0.9, 1.0, 1.3, 2.0, 5.0], 1e-5),
        ("contrast", [0.0, 0.5, 0.9, 1.0, 1.3, 2.0, 5.0], 1e-5),
        ("saturation", [0.0, 0.5, 0.9, 1.0, 1.3, 2.0, 5.0], 1e-5),
        ("hue", [-0.5, -0.31, -0.1, 0.0, 1 / 6, 0.25, 0.5], 1e-4),
    ],
)
def test_colour_change_equals_torchvision(
    name: str, values: list[float], tolerance: float, size: tuple[int, int]
) -> None:
    for turn in range(len(values)):  # every value meets the black, white, gray and tied photos
        factors = values[turn:] + values[:turn]
        photos = noise(len(factors), size, seed=turn)
        theirs = torch.stack([REFERENCES[name](p, f) for p, f in zip(photos, factors, strict=True)])
        assert_close(getattr(colour, name)(photos, column(factors)), theirs, tolerance)


@pytest.mark.parametrize("size", [(48, 48), (40, 60), (60, 40), (33, 64)])
def test_rotation_equals_torchvision(size: tuple[int, int]) -> None:
    angles = (torch.rand(30, generator=seeded(1)) * 360 - 180).tolist()
    photos = noise(30, size) + 0.1  # so that black differs from the filling
    theirs = torch.stack([reference.rotate(p, a) for p, a in zip(photos, angles, strict=True)])
    different = (geometry.rotate(photos, column(angles)) != theirs).any(dim=1)
    assert different.float().mean() <= 0.001


@pytest.mark.parametrize("angle", [0.0, 90.0, -90.0, 180.0, -180.0])
@pytest.mark.parametrize("size", [(16, 16), (17, 17), (16, 24)])
def test_rotation_by_right_angles_equals_torchvision(angle: float, size: tuple[int, int]) -> None:
    photos = noise(2, size) + 0.1
    assert torch.equal(geometry.rotate(photos, column([angle] * 2)), reference.rotate(photos, angle))


@pytest.mark.parametrize("size", SIZES)
def test_flip_equals_torchvision(size: tuple[int, int]) -> None:
    photos = noise(5, size)
    assert torch.equal(applied(HorizontalFlip(1), photos), reference.horizontal_flip(photos))
    assert torch.equal(applied(VerticalFlip(1), photos), reference.vertical_flip(photos))


@pytest.mark.parametrize("size", SIZES)
def test_grayscale_equals_torchvision(size: tuple[int, int]) -> None:
    photos = noise(5, size)
    theirs = reference.rgb_to_grayscale(photos, num_output_channels=3)
    assert_close(applied(Grayscale(1), photos), theirs, 1e-6)


@pytest.mark.parametrize("values", [{}, {"mean": [0.1, 0.2, 0.3], "std": [1.0, 0.5, 2.0]}])
def test_normalize_equals_torchvision(values: dict[str, Any]) -> None:
    photos, step = noise(5), Normalize(**values)
    theirs = reference.normalize(photos, list(step.mean), list(step.std))
    assert_close(applied(step, photos), theirs, 1e-6)


@pytest.mark.parametrize("change", [colour.brightness, colour.contrast, colour.saturation, colour.hue])
def test_a_batch_equals_its_photos_alone(change: Any) -> None:
    photos, factors = noise(6), column([-0.4, 0.1, 0.2, 0.3, 0.4, 0.5]).abs()
    alone = [change(photos[i : i + 1], factors[i : i + 1]) for i in range(6)]
    assert_close(change(photos, factors), torch.cat(alone), 1e-6)


def test_rotating_a_batch_equals_its_photos_alone() -> None:
    photos, angles = noise(6, (20, 30)), column([-170.0, -45.3, -1.2, 12.7, 44.9, 133.1])
    alone = [geometry.rotate(photos[i : i + 1], angles[i : i + 1]) for i in range(6)]
    assert (geometry.rotate(photos, angles) != torch.cat(alone)).float().mean() <= 0.001


@pytest.mark.parametrize("step", [ColorJitter(), ColorJitter(0.9, 1.5, 2.0, 0.5), ColorJitter(0, 0, 0, 0)])
def test_color_jitter_equals_torchvision_in_each_photos_order(step: ColorJitter) -> None:
    photos = noise(60)
    generator = seeded(5)
    draws = torch.stack([torch.rand(60, generator=generator) for _ in range(3 + 1)])
    orders = torch.rand(60, 4, generator=generator).argsort(dim=1).tolist()
    strengths = (step.brightness, step.contrast, step.saturation)
    bounds = [*((max(0.0, 1 - s), 1 + s) for s in strengths), (-step.hue, step.hue)]
    theirs = []
    for i, photo in enumerate(photos):
        for k in orders[i]:
            low, high = bounds[k]
            factor = float(draws[k, i] * (high - low) + low)
            photo = list(REFERENCES.values())[k](photo, factor).clamp(0, 1)
        theirs.append(photo)
    assert_close(applied(step, photos, 5), torch.stack(theirs), 1e-4)
    assert len(set(map(tuple, orders))) > 15


def test_color_jitter_of_a_batch_has_the_bytes_of_each_photo_changed_alone() -> None:
    photos, step = noise(60, (20, 30)), ColorJitter(2.0, 3.0, 3.0, 0.5)
    factors, orders = step.draw(60, seeded(1))
    alone = []
    for photo, its, order in zip(photos.split(1), factors, orders.tolist(), strict=True):
        for operation in order:
            photo = colour.COLOR_CHANGES[operation](photo.clone(), its[operation].view(1, 1, 1, 1))
        alone.append(photo)
    for size in (1, 7, 60):
        drawn = zip(factors.split(size), orders.split(size), strict=True)
        ours = map(step.apply, photos.clone().split(size), drawn)
        assert torch.equal(torch.cat(list(ours)), torch.cat(alone))


@pytest.mark.parametrize("size", [1, 60])
def test_marked_photos_alone_are_flipped_or_made_gray(size: int) -> None:
    photos, marks = noise(60), torch.rand(60, generator=seeded(2)) < 0.5
    gray = colour.luma(photos).expand_as(photos)
    flips = (HorizontalFlip(), photos.flip(-1)), (VerticalFlip(), photos.flip(-2))
    for step, changed in (*flips, (Grayscale(), gray)):
        ours = map(step.apply, photos.clone().split(size), zip(marks.split(size)))
        for photo, mark, ours_now, theirs in zip(photos, marks, torch.cat(list(ours)), changed, strict=True):
            assert torch.equal(ours_now, theirs if mark else photo)


# --- the parameters are distributed as torchvision's ------------------------------------------------


DRAWS = 3000


def drawn_angles(degrees: float, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    angles: list[Tensor] = []
    monkeypatch.setattr(geometry, "rotate", lambda photos, a: angles.append(a) or photos)
    applied(Rotation(degrees), torch.zeros(DRAWS, 3, 1, 1), 11)
    return angles[0].flatten().numpy()


@pytest.mark.parametrize("degrees", [10.0, 45.0, 180.0])
def test_angles_follow_torchvision(degrees: float, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = drawn_angles(degrees, monkeypatch)
    torch.manual_seed(12)
    theirs = [torchvisions.RandomRotation.get_params([-degrees, degrees]) for _ in range(DRAWS)]
    assert stats.ks_2samp(ours, theirs).pvalue > 0.01
    assert stats.kstest(ours, stats.uniform(-degrees, 2 * degrees).cdf).pvalue > 0.01


@pytest.mark.parametrize("strengths", [(0.5, 0.4, 0.3, 0.1), (1.5, 2.0, 1.0, 0.5)])
def test_jitter_factors_follow_torchvision(
    strengths: tuple[float, float, float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def note(channel: int) -> Any:
        """Return a "colour change" that writes its factor into one of four channels."""
        return lambda photos, factor: photos.index_copy(1, torch.tensor([channel]), factor)

    monkeypatch.setattr(colour, "COLOR_CHANGES", tuple(map(note, range(4))))
    ours = applied(ColorJitter(*strengths), torch.zeros(DRAWS, 4, 1, 1), 13)[..., 0, 0].numpy()
    jitter = torchvisions.ColorJitter(*strengths)
    bounds = (jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue)
    torch.manual_seed(14)
    theirs = np.array([jitter.get_params(*bounds)[1:] for _ in range(DRAWS)])
    for k, (low, high) in enumerate(bounds):
        assert stats.ks_2samp(ours[:, k], theirs[:, k]).pvalue > 0.01
        assert stats.kstest(ours[:, k], stats.uniform(low, high - low).cdf).pvalue > 0.01
    correlation = np.corrcoef(ours.T) - np.eye(4)
    assert np.abs(correlation).max() < 4 / DRAWS**0.5


def test_all_24_orders_are_equally_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    def note(digit: int) -> Any:
        """Return a "colour change" that appends a digit to every value."""
        return lambda photos, _factor: photos * 10 + digit

    monkeypatch.setattr(colour, "COLOR_CHANGES", tuple(map(note, (1, 2, 3, 4))))
    orders = applied(ColorJitter(), torch.zeros(24 * 200, 3, 1, 1), 15)[:, 0, 0, 0].int().tolist()
    counts = [orders.count(int("".join(order))) for order in permutations("1234")]
    assert sum(counts) == len(orders)
    assert stats.chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize("probability", [0.05, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("step", [HorizontalFlip, VerticalFlip, Grayscale])
def test_a_photo_is_chosen_with_the_probability(step: Any, probability: float) -> None:
    photos = torch.zeros(DRAWS, 3, 2, 2)
    photos[:, 0, 0, 0] = 1  # red above on the left, else black
    changed = (applied(step(probability), photos, 16) != photos).flatten(1).any(dim=1)
    assert stats.binomtest(int(changed.sum()), DRAWS, probability).pvalue > 0.01


def test_hue_turns_the_colour_circle_in_the_right_direction() -> None:
    red = column([0.0]).expand(1, 3, 1, 1).clone()
    red[:, 0] = 1
    for turns in (0.1, 1 / 3, -0.25):
        expected = torch.tensor(colorsys.hsv_to_rgb(turns % 1, 1, 1))
        assert_close(colour.hue(red, column([turns])).flatten(), expected, 1e-6)


# --- what every transform keeps ---------------------------------------------------------------------


any_photos = hnp.arrays(
    np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6), st.just(3))
)


@settings(max_examples=60, deadline=None)
@given(any_photos, st.integers(0, 2**32))
@example(np.zeros((3, 5, 4, 3), np.uint8), 1)
@example(np.full((3, 5, 4, 3), 255, np.uint8), 2)
@example(np.full((3, 4, 5, 3), 93, np.uint8), 3)
def test_values_stay_between_0_and_1(pixels: np.ndarray, seed: int) -> None:
    photos = augmentation.to_unit(torch.from_numpy(pixels))
    others = [(name, {}) for name in TRANSFORMS if name not in {"normalize", *dict(STRONG)}]
    for step in augmentation.build([*STRONG, *others], training=True):
        photos = applied(step, photos, seed)
        assert photos.shape == (len(pixels), 3, *pixels.shape[1:3])
        assert photos.dtype == torch.float32
        assert photos.isfinite().all()
        assert 0 <= photos.min() <= photos.max() <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 255), st.integers(0, 2**32))
def test_gray_has_no_hue_to_turn(level: int, seed: int) -> None:
    photos = torch.full((2, 3, 2, 2), level / 255)
    assert torch.equal(applied(ColorJitter(0, 0, 0, 0.5), photos, seed)[:, 0], photos[:, 0])


@pytest.mark.parametrize(
    "step", [HorizontalFlip(0), VerticalFlip(0), Grayscale(0), Rotation(0), ColorJitter(0, 0, 0, 0)]
)
def test_strength_0_changes_nothing(step: Transform) -> None:
    photos = noise(6, (7, 9))
    assert_close(applied(step, photos), photos, 1e-6)


@pytest.mark.parametrize("step", [HorizontalFlip, VerticalFlip, Grayscale])
@pytest.mark.parametrize("count", [1, 2, 9])
def test_probability_1_changes_every_photo(step: Any, count: int) -> None:
    photos = noise(count, seed=4)[-1:].repeat(count, 1, 1, 1)
    assert (applied(step(1), photos) != photos).flatten(1).any(dim=1).all()
