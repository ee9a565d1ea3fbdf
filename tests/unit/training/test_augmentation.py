"""Batches of photos, augmented."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import pytest
import torch
from operators import Operators
from pixels import STRONG, assert_close, levels, seeded
from torch import Tensor

from ablation.training import augmentation
from ablation.training.transforms.base import Transform
from ablation.training.transforms.colour import ColorJitter, Grayscale
from ablation.training.transforms.geometry import HorizontalFlip, Rotation
from ablation.training.transforms.normalization import Normalize
from ablation.training.transforms.table import TRANSFORMS


def augmented(pixels: Tensor, transforms: list[Transform], seed: int = 0) -> Tensor:
    return augmentation.augmented(
        pixels, transforms, augmentation.draw(transforms, len(pixels), seeded(seed))
    )


def test_a_seed_decides_everything() -> None:
    def run(seed: int) -> Tensor:
        return augmented(levels(8), augmentation.build(STRONG, training=True), seed)

    torch.manual_seed(0)
    first = run(1)
    torch.manual_seed(99)  # the global generator plays no part
    assert torch.equal(run(1), first)
    assert not torch.equal(run(2), first)


def test_to_unit_divides_by_255_and_separates_the_channels() -> None:
    pixels = levels(5, (7, 32))
    photos = augmentation.to_unit(pixels)
    assert photos.shape == (5, 3, 7, 32)
    assert photos.is_contiguous()
    assert torch.equal(photos, torch.stack([pixels[..., c] for c in range(3)], dim=1) / 255)
    assert (photos.min(), photos.max()) == (0, 1)


@pytest.mark.parametrize("steps", [[], [*STRONG, ("normalize", {})], [("normalize", {}), *STRONG[:2]]])
def test_photo_by_photo_equals_a_whole_batch(steps: list[Any]) -> None:
    """CPUs go photo by photo, GPUs take a whole batch; the parameters and values are the same."""
    transforms, pixels = augmentation.build(steps, training=True), levels(40, (20, 30))
    ours = augmented(pixels, transforms, 7)
    whole, generator = augmentation.to_unit(pixels), seeded(7)
    for step, drawn in [(step, step.draw(40, generator)) for step in transforms]:
        whole = step.apply(whole, drawn)
    assert_close(ours, whole, 1e-5)
    assert ours.dtype == torch.float32
    assert ours.is_contiguous(memory_format=torch.channels_last)


def test_a_batch_is_augmented_without_asking_the_device() -> None:
    """Tensors on the meta device have no values: an operation that would wait for one raises."""
    pixels = torch.zeros(40, 20, 30, 3, dtype=torch.uint8, device="meta")
    transforms = augmentation.build([*STRONG, ("normalize", {})], training=True)
    photos = augmented(pixels, transforms)
    assert photos.shape == (40, 3, 20, 30)
    with pytest.raises(RuntimeError):
        photos.sum().item()


# What writes where an index says: made to repeat its bytes, CUDA sorts the index first.
WRITING_BY_INDEX = {
    *("index_put", "index_put_impl", "put", "index_add", "index_copy", "index_fill", "index_reduce"),
    *("scatter", "scatter_add", "scatter_reduce", "masked_scatter"),
}


def test_writing_by_index_is_seen() -> None:
    with Operators() as operators:
        torch.zeros(4)[torch.tensor([2, 1])] = torch.ones(2)
        torch.zeros(4)[torch.tensor([2, 1])] += 1
        torch.zeros(4).scatter_(0, torch.tensor([1]), 1.0)
        torch.zeros(4).index_add_(0, torch.tensor([1]), torch.ones(1))
    assert {"index_put", "scatter", "index_add"} <= operators.names & WRITING_BY_INDEX


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("name", [*TRANSFORMS, None])
def test_a_batch_is_augmented_without_writing_by_index(name: str | None, device: str) -> None:
    """Each transform, and all of them; of 40 photos some are marked and some not."""
    names = TRANSFORMS if name is None else [name]
    transforms = augmentation.build([(each, {}) for each in names], training=True)
    photos = torch.zeros(40, 3, 20, 30, device=device)
    with Operators() as operators:
        for step in transforms:
            photos = step.apply(photos, step.draw(40, seeded(3)))
        augmented(torch.zeros(40, 20, 30, 3, dtype=torch.uint8, device=device), transforms)
    assert operators.names
    assert not operators.names & WRITING_BY_INDEX


@pytest.mark.parametrize("name", [name for name in TRANSFORMS if name != "rotation"])
def test_a_batch_has_the_bytes_of_its_photos_alone(name: str) -> None:
    """But for turns, whose cosine may be rounded otherwise (test_transforms.py)."""
    (step,) = augmentation.build([(name, {})], training=True)
    photos = augmentation.to_unit(levels(60, (20, 30)))
    drawn = step.draw(60, seeded(6))
    whole = step.apply(photos.clone(), drawn)
    for size in (1, 7):
        pieces = zip(*(values.split(size) for values in drawn), strict=True) if drawn else repeat(())
        parts = [step.apply(*its) for its in zip(photos.clone().split(size), pieces, strict=False)]
        assert torch.equal(torch.cat(parts), whole)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_what_is_drawn_is_on_the_cpu_with_a_row_for_each_photo(name: str) -> None:
    (step,) = augmentation.build([(name, {})], training=True)
    drawn = step.draw(5, seeded(0))
    assert bool(drawn) == step.random
    assert all(values.device.type == "cpu" and len(values) == 5 for values in drawn)


def test_pixels_are_left_as_they_are() -> None:
    pixels = levels(6)
    augmented(pixels, augmentation.build(STRONG, training=True))
    assert torch.equal(pixels, levels(6))


def test_validation_leaves_random_steps_out() -> None:
    steps = [*STRONG, ("normalize", {})]
    assert [type(step) for step in augmentation.build(steps, training=False)] == [Normalize]
    kinds = [HorizontalFlip, Rotation, ColorJitter, Grayscale, Normalize]
    assert [type(step) for step in augmentation.build(steps, training=True)] == kinds
    assert augmentation.build([], training=True) == []
