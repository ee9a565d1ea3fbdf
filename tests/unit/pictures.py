"""What can be told of a picture without looking at it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def picture(path: Path) -> tuple[int, int]:
    """The size of a PNG that can be opened and is not blank."""
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"
        assert len(np.unique(np.asarray(image.convert("L")))) > 10
        return image.size
