"""The photos that may be labelled wrongly, as far as they are still there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ablation.results.figures import fonts, gallery
from ablation.results.figures.canvas import WRONG, short, styled, wrapped
from ablation.results.figures.gallery import WORDS, Shown
from ablation.results.figures.given import Given

if TYPE_CHECKING:
    import pandas as pd

    from ablation.results.figures.study import StudyFigure

MOST = 20


@styled
def draw(given: Given, figure: StudyFigure, path: Path) -> None:
    """Draw the most suspect photos that some run takes for another class."""
    from ablation.photos.pack import INDEX, load

    assert given.suspects is not None
    assert given.pack is not None
    found = given.suspects[given.suspects["taken_for"].notna()]
    few = found.head(MOST)
    shown: list[Shown] = []
    if few.empty:
        title = (
            f"{figure.title}: none, as every photo is taken for what it is labelled, or no run knows anything"
        )
    elif not (given.pack / INDEX).exists():
        # Packs are deleted to save disk; asking for them would train everything again.
        title = f"{figure.title}: {given.pack} was deleted, so see suspects.csv"
    else:
        packed = load(given.pack)
        positions = {name: k for k, name in enumerate(packed.files)}
        fonts.use([*few["true"], *few["taken_for"]])
        shown = [
            Shown(packed.photos[positions[one["file"]]], words(one), WRONG)
            for _, one in few.iterrows()
            if one["file"] in positions
        ]
        which = f"the {MOST} most suspect" if len(found) > MOST else "those that any run is wrong of"
        title = f"{figure.title}: {which}, of {len(given.suspects)} photos"
    gallery.draw(title, shown, path)


def words(one: pd.Series) -> str:
    """Return what stands above a photo."""
    wrong = round(one["wrong"] * one["runs"])
    true, taken = short(one["true"], 18), short(one["taken_for"], 18)
    told = wrapped(f"{true}? taken for {taken}", WORDS)
    return f"{told}\n({one['confidence']:.0%}, {wrong} of {one['runs']} runs)"
