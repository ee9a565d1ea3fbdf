"""What a trained network is recorded to expect is what its validation photos went through."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from runs import SPEC

from ablation.training import augmentation
from ablation.training.expected_input import expected_input


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("steps", [SPEC.augmentation, SPEC.augmentation[:-1], (), (("normalize", {}),)])
def test_photos_prepared_as_recorded_are_those_that_validated(steps: tuple, interpolation: str) -> None:
    spec = replace(SPEC, augmentation=steps, interpolation=interpolation)
    pixels = torch.randint(
        0, 256, (2, 8, 8, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    transforms = augmentation.build(steps, training=False)
    drawn = augmentation.draw(transforms, len(pixels), torch.Generator())
    expected = expected_input(spec)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (expected.mean, expected.std))
    ours = (pixels.permute(0, 3, 1, 2) / 255 - mean) / std
    torch.testing.assert_close(ours, augmentation.augmented(pixels, transforms, drawn))
    assert (expected.size, expected.interpolation) == (spec.image_size, interpolation)
