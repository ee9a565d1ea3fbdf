"""A photo's file becomes what training made of it: the pack's bytes, and the values that validated."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from flowers import Flowers

from ablation.photos import pack
from ablation.photos.photo import photo
from ablation.prediction import trained
from ablation.prediction.preparation import Preparation
from ablation.training.inputs import Augmented, in_order


@pytest.mark.parametrize("name", ["crop", "squash"])
def test_every_kind_of_photo_has_the_packs_bytes(flowers: Flowers, name: str) -> None:
    way = trained.load(flowers.runs[name].folder).preparation.way
    packed = pack.load(flowers.runs[name].pack)
    assert len(packed.files) == 15
    for file, pixels in zip(packed.files, packed.photos, strict=True):
        np.testing.assert_array_equal(way.pixels(photo(flowers.photos / file)), pixels)


@pytest.mark.parametrize("name", ["crop", "squash"])
def test_values_are_those_of_the_trainings_validation(flowers: Flowers, name: str) -> None:
    run = flowers.runs[name]
    packed = pack.load(run.pack)
    inputs = Augmented.of(packed, run.spec, training=False, device=torch.device("cpu"))
    expected = torch.cat([values for _, values, _ in in_order(inputs, torch.arange(len(inputs.labels)), 4)])
    pixels = torch.from_numpy(packed.photos[~packed.training])
    assert torch.equal(trained.load(run.folder).preparation.values(pixels), expected)


def test_without_steps_values_are_those_of_pixels() -> None:
    about = {"input": {"size": 2, "interpolation": "box", "resize": "pad"}, "steps": []}
    its = Preparation.recorded(about)
    assert its.values(torch.full((1, 2, 2, 3), 51, dtype=torch.uint8)).unique().tolist() == [
        pytest.approx(0.2)
    ]
