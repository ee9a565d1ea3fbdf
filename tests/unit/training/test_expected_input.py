"""What a trained network is recorded to expect is what its validation photos went through."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from packs import write_kinds
from runs import SPEC

from ablation.photos import indexing, manifest, pack, packing
from ablation.photos.photo import photo
from ablation.photos.resizing import WAYS, square
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


@pytest.mark.parametrize("resize", WAYS)
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_photos_made_square_as_recorded_are_those_of_the_pack(
    tmp_path: Path, resize: str, interpolation: str
) -> None:
    spec = replace(SPEC, image_size=8, resize=resize, interpolation=interpolation)
    root = write_kinds(tmp_path / "photos")
    manifest.write(indexing.index(root, 0.6, 0).entries, tmp_path / "manifest.csv")
    way = {"resize": spec.resize, "interpolation": spec.interpolation}
    packing.build(root, tmp_path / "manifest.csv", spec.image_size, tmp_path / "pack", **way)
    found, its = pack.load(tmp_path / "pack"), expected_input(spec).to_dict()
    for file, pixels in zip(found.files, found.photos, strict=True):
        made = square(photo(root / file), its["size"], its["resize"], its["interpolation"])
        np.testing.assert_array_equal(np.asarray(made), pixels)
    other = expected_input(replace(spec, resize="pad" if resize == "squash" else "squash")).to_dict()
    assert its | {"resize": other["resize"]} == other != its
