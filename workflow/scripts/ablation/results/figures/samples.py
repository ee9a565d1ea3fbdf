"""Validation photos with what the network takes them for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ablation.results.figures import fonts, gallery
from ablation.results.figures.canvas import RIGHT, WRONG, short, styled, wrapped
from ablation.results.figures.evaluated import Evaluated, Guess
from ablation.results.figures.gallery import WORDS, Shown

SAMPLES = 20


@styled
def draw(of: Evaluated, path: Path) -> None:
    """Draw some of the validation photos, evenly chosen."""
    import numpy as np

    every = of.guesses
    places = np.linspace(0, len(every) - 1, min(SAMPLES, len(every))).astype(int)
    hits = sum(one.right for one in every)
    title = f"{of.name}: {hits} of {len(every)} validation photos right"
    pictures(of, [every[place] for place in np.unique(places)], title, path)


def pictures(of: Evaluated, guesses: Sequence[Guess], title: str, path: Path) -> None:
    """Draw validation photos of a run, each with its class, what it is taken for and how confidently."""
    positions = {name: k for k, name in enumerate(of.packed.files)} if guesses else {}
    fonts.use(name for one in guesses for name in (one.true, one.predicted))
    shown = [Shown(of.packed.photos[positions[one.file]], words(one), colour(one)) for one in guesses]
    gallery.draw(title, shown, path)


def words(one: Guess) -> str:
    """Return what stands above a photo."""
    true, predicted = short(one.true, 18), short(one.predicted, 18)
    text = true if one.right else f"{true}, taken for {predicted}"
    return wrapped(f"{text} ({one.probability:.0%})", WORDS)


def colour(one: Guess) -> str:
    """Return the colour of those words, which say as much."""
    return RIGHT if one.right else WRONG
