"""Photos of every kind in three classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SIZE = 20
KINDS = {"a": ("RGB", "png"), "b": ("L", "png"), "c": ("RGBA", "png"), "d": ("RGB", "jpg"), "e": ("P", "png")}


def write_kinds(root: Path) -> Path:
    """Write photos of three classes in several modes and shapes; the classes' order is not the names'."""
    rng = np.random.default_rng(0)
    for position, category in enumerate(("10", "2", "rose")):
        for name, (mode, suffix) in KINDS.items():
            height, width = rng.integers(5, 60, 2)
            image = Image.fromarray(rng.integers(0, 256, (height, width, 4), dtype=np.uint8), "RGBA")
            path = root / category / f"{name}{position}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            (image if mode == "RGBA" else image.convert("RGB").convert(mode)).save(path)
    return root
