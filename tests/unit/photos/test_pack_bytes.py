"""The bytes of a pack: of the same photos they change only with Pillow, or with the code that makes them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ablation.photos import indexing, manifest, pack, packing

# SHA-256 of photos.npy, by how photos are made square.
EXPECTED = {
    ("squash", "bilinear"): "b3a1b8825af89304cd803654885ead60ea18b363655cb4f979915067d84c0fc7",
    ("squash", "bicubic"): "e991c0b1adb0014e63d5069aff1385e64539377f7add7bc85a1140bf7b5d1878",
    ("crop", "bilinear"): "601055aec904260e629c3051c6ba0938aff1dc6e4ab7e398d77d83b8bb59fed8",
    ("crop", "bicubic"): "26b706d632c9794ea0c8d7148df255756b6ea8624683971911963c6453361337",
    ("pad", "bilinear"): "9a6e316aea1d8899440a60263dd9c16a9df6e4e8cedd48727dc265d221be1a32",
    ("pad", "bicubic"): "200eeb03e8f861930f0a713f14d9112a5dbee84f6089463a29b28ee378584300",
}
MEANT = """
The pack of the same photos has other bytes ({found}) than before. If that was not meant, find what
changed: the pinned Pillow or numpy, photos/resizing.py, photos/photo.py or photos/packing.py. If it was,
put the new hashes into EXPECTED, and say in the commit that packs are made anew and runs train anew.
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Noise as PNG, which all decoders read alike: wide, high, square, smaller than the pack's, and long."""
    rng = np.random.default_rng(20261127)
    for kind, sides in {"rose": [(64, 40), (21, 50)], "tulip": [(33, 33), (7, 5), (300, 9)]}.items():
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for number, (width, height) in enumerate(sides):
            pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"photos/{kind}/{number}.png")
    return tmp_path / "photos"


@pytest.mark.parametrize(("resize", "interpolation"), EXPECTED)
def test_a_packs_bytes_are_those_of_before(root: Path, resize: str, interpolation: str) -> None:
    path, folder = root.parent / "manifest.csv", root.parent / "pack"
    manifest.write(indexing.index(root, 0.5, 0).entries, path)
    packing.build(root, path, 16, folder, resize=resize, interpolation=interpolation)
    found = hashlib.sha256((folder / pack.PHOTOS).read_bytes()).hexdigest()
    assert found == EXPECTED[resize, interpolation], MEANT.format(found=found)
