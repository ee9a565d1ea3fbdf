"""RandAugment and TrivialAugmentWide against torchvision's: tables, operations and what is chosen."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from pixels import assert_close, levels, seeded
from scipy import stats
from torch import Tensor
from torchvision.transforms import v2

from ablation.training import augmentation
from ablation.training.transforms import policies
from ablation.training.transforms.policies import OPERATIONS, Policy, RandAugment, TrivialAugmentWide

THEIRS = {RandAugment: v2.RandAugment, TrivialAugmentWide: v2.TrivialAugmentWide}
GEOMETRIC = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")
NAMES = list(OPERATIONS)
DRAWS = 14 * 300


def noise(count: int, size: tuple[int, int]) -> Tensor:
    return augmentation.to_unit(levels(count, size))


def space(kind: Any) -> dict[str, Any]:
    """Return torchvision's table of a policy."""
    its: dict[str, Any] = THEIRS[kind]._AUGMENTATION_SPACE
    return its


def reference(photo: Tensor, operation: str, magnitude: float) -> Tensor:
    its = v2.RandAugment()
    options = {"interpolation": its.interpolation, "fill": its._fill}
    changed: Tensor = its._apply_image_or_video_transform(photo.clone(), operation, magnitude, **options)
    return changed


@pytest.mark.parametrize("kind", THEIRS)
def test_operations_are_torchvisions(kind: Any) -> None:
    assert list(space(kind)) == NAMES


@pytest.mark.parametrize("bins", [2, 10, 21, 31, 37])
@pytest.mark.parametrize("kind", THEIRS)
def test_magnitudes_are_torchvisions(kind: Any, bins: int) -> None:
    step = kind(num_magnitude_bins=bins, **({"magnitude": 0} if kind is RandAugment else {}))
    for height, width in ((224, 224), (100, 333), (1, 7)):
        for name, (magnitudes, _) in space(kind).items():
            theirs = magnitudes(bins, height, width)
            ours = [step.strength(name, place, height, width) for place in range(bins)]
            assert ours == ([0.0] * bins if theirs is None else theirs.tolist())


@pytest.mark.parametrize("size", [(24, 24), (20, 33), (33, 20), (1, 7)])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", THEIRS)
def test_an_operation_equals_torchvision(kind: Any, name: str, size: tuple[int, int]) -> None:
    """In one batch for all magnitudes, in both directions where there are two."""
    magnitudes, signed = space(kind)[name]
    values = magnitudes(31, *size)
    values = [0.0] * 31 if values is None else values.tolist()
    values += [-value if signed else value for value in values]
    photos, step = noise(62, size) * 0.9 + 0.05, kind()
    operations = torch.full((62, 1), NAMES.index(name))
    ours = step.apply(
        photos.clone(), (operations, torch.arange(31).repeat(2)[:, None], (torch.arange(62) >= 31)[:, None])
    )
    theirs = torch.stack([reference(*its) for its in zip(photos, [name] * 62, values, strict=True)])
    if name not in GEOMETRIC:
        assert_close(ours, theirs, 1e-5)
        return
    for photo, value in enumerate(values):
        different = (ours[photo] != theirs[photo]).any(dim=0)
        assert not (different & ~on_an_edge(name, value, size)).any()


def on_an_edge(name: str, magnitude: float, size: tuple[int, int]) -> Tensor:
    """Tell of which pixels the place they come from is between two others, so that rounding decides."""
    xx, xy, x_shift, yx, yy, y_shift = policies.setting(name, magnitude, *size)
    y, x = (torch.arange(length, dtype=torch.float64) - (length - 1) / 2 for length in size)
    y = y[:, None]
    from_x = xx * x + xy * y + x_shift + size[1] / 2
    from_y = yx * x + yy * y + y_shift + size[0] / 2
    return ((from_x - from_x.round()).abs() < 1e-4) | ((from_y - from_y.round()).abs() < 1e-4)


@pytest.mark.parametrize("step", [RandAugment(), RandAugment(4, 30), RandAugment(0), TrivialAugmentWide()])
def test_a_batch_has_the_bytes_of_operations_applied_to_each_photo_alone(step: Policy) -> None:
    photos = noise(60, (20, 30))
    drawn = step.draw(60, seeded(1))
    alone = []
    for photo, *its in zip(photos.split(1), *(values.tolist() for values in drawn), strict=True):
        for operation, place, negative in zip(*its, strict=True):
            one = (torch.tensor([[operation]]), torch.tensor([[place]]), torch.tensor([[negative]]))
            photo = TrivialAugmentWide.apply(step, photo.clone(), one)  # type: ignore[arg-type]
        alone.append(photo)
    for size in (1, 7, 60):
        pieces = zip(*(values.split(size) for values in drawn), strict=True)
        ours = map(step.apply, photos.clone().split(size), pieces)
        assert torch.equal(torch.cat(list(ours)), torch.cat(alone))


@pytest.mark.parametrize("kind", THEIRS)
def test_operations_magnitudes_and_signs_follow_torchvision(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = kind()
    operations, bins, negative = (its.flatten().tolist() for its in step.draw(DRAWS, seeded(2)))
    theirs: list[tuple[str, float]] = []
    note = lambda _self, photo, name, magnitude, **_: theirs.append((name, magnitude)) or photo  # noqa: E731
    monkeypatch.setattr(THEIRS[kind], "_apply_image_or_video_transform", note)
    transform, photo = THEIRS[kind](), torch.zeros(3, 224, 224)
    torch.manual_seed(3)
    for _ in range(DRAWS):
        transform(photo)
    ours = []
    for operation, place, turned in zip(operations, bins, negative, strict=True):
        name = NAMES[operation]
        magnitude = step.strength(name, place, 224, 224)
        ours.append((name, -magnitude if turned and space(kind)[name][1] else magnitude))
    assert len(ours) == len(theirs) == DRAWS * (2 if kind is RandAugment else 1)
    counts = [Counter(name for name, _ in its) for its in (ours, theirs)]
    assert stats.chisquare([counts[0][name] for name in NAMES]).pvalue > 0.01
    assert stats.chi2_contingency([[its[name] for name in NAMES] for its in counts]).pvalue > 0.01
    for name in NAMES:
        both = [[magnitude for its, magnitude in found if its == name] for found in (ours, theirs)]
        assert stats.ks_2samp(*both).pvalue > 0.001, name


def test_steps_signs_and_bins_are_independent() -> None:
    operations, _, negative = RandAugment(num_ops=3).draw(DRAWS, seeded(4))
    _, bins, _ = TrivialAugmentWide().draw(DRAWS, seeded(5))
    assert stats.chisquare(np.bincount(bins.flatten())).pvalue > 0.01
    columns = torch.cat([operations, negative.long()], dim=1).T.double().numpy()
    assert np.abs(np.corrcoef(columns) - np.eye(6)).max() < 4 / DRAWS**0.5
    assert all(stats.binomtest(int(its.sum()), DRAWS, 0.5).pvalue > 0.01 for its in negative.T)
