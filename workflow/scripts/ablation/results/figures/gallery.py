"""Photos side by side in rows of five, each under a few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.results.figures.canvas import canvas, save

if TYPE_CHECKING:
    from ablation.photos.pack import Pixels

ACROSS = 5
# What fits above a photo, in columns of text.
WORDS = 25


@dataclass(frozen=True)
class Shown:
    """A photo (uint8 H x W x 3), the lines above it and their colour."""

    photo: Pixels
    text: str
    colour: str


def draw(title: str, shown: Sequence[Shown], path: Path) -> None:
    """Draw a picture of photos; of none it has the title alone."""
    import numpy as np

    rows = max(-(-len(shown) // ACROSS), 1)
    figure, panels = canvas(9, 2.15 * rows + 0.4 if shown else 2, rows, ACROSS)
    for axes in np.ravel(panels):
        axes.axis("off")
    places: Any = np.ravel(panels)
    for axes, one in zip(places, shown, strict=False):
        axes.imshow(one.photo)
        axes.set_title(one.text, fontsize=9, color=one.colour)
    figure.suptitle(title)
    save(figure, path, photos=True)
