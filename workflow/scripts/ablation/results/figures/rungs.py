"""What each rung of the ladder makes of the same photos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ablation.results.figures import fonts
from ablation.results.figures.canvas import canvas, named, save, styled
from ablation.results.figures.given import Given

if TYPE_CHECKING:
    from ablation.results.figures.study import StudyFigure

MOST = 16
# Inches of a photo.
SIDE = 1.7


@styled
def draw(given: Given, figure: StudyFigure, path: Path) -> None:
    """Draw a row a rung, or the title alone where there are no photos."""
    rungs, title = given.rungs[:MOST], figure.title
    if len(given.rungs) > MOST:
        title += f": the first {MOST} of {len(given.rungs)}"
    if not rungs:
        sheet, axes = canvas(9, 2)
        axes.axis("off")
        sheet.suptitle(f"{figure.title}: {given.pack} was deleted")
        save(sheet, path, photos=True)
        return
    fonts.use(one.name for one in rungs)
    across = len(rungs[0].photos)
    sheet, panels = canvas(SIDE * across + 1.6, SIDE * len(rungs) + 0.6, len(rungs), across, squeeze=False)
    for row, rung in zip(panels, rungs, strict=True):
        for axes, photo in zip(row, rung.photos, strict=True):
            axes.imshow(photo)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        stretched = "\n(from darkest\nto lightest)" if rung.stretched else ""
        row[0].set_ylabel(named(rung.name, 20) + stretched, rotation=0, ha="right", va="center", fontsize=9)
    sheet.suptitle(title)
    save(sheet, path, photos=True)
