"""The script of an export makes photos square as packs have them, in each of the ways."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from ablation.photos import resizing
from ablation.prediction import script


def squared(resize: str, photo: Image.Image, size: int, method: Image.Resampling) -> Image.Image:
    """Run the lines of a script that make a photo square."""
    lines = script.text(resize).splitlines()
    start = next(number for number, line in enumerate(lines) if ".convert(" in line) + 1
    end = next(number for number, line in enumerate(lines) if "session.run" in line)
    assert end > start
    code = "\n".join(line.strip() for line in lines[start:end])
    names = {"photo": photo, "size": size, "method": method, "ImageOps": ImageOps}
    exec(code, names)
    return names["photo"]  # type: ignore[return-value]


@pytest.mark.parametrize("resize", resizing.WAYS)
@pytest.mark.parametrize("shape", [(40, 60), (61, 35), (50, 50), (7, 9), (33, 333)])
@pytest.mark.parametrize("interpolation", ["bilinear", "lanczos"])
def test_photos_are_those_of_a_pack(resize: str, shape: tuple[int, int], interpolation: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    photo, method = Image.fromarray(pixels), Image.Resampling[interpolation.upper()]
    expected = resizing.square(photo, 32, resize, interpolation)
    np.testing.assert_array_equal(np.asarray(squared(resize, photo, 32, method)), np.asarray(expected))
