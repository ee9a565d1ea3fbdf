"""The validation photos of which a network is most confidently wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ablation.results.figures import samples
from ablation.results.figures.canvas import styled
from ablation.results.figures.evaluated import Evaluated, Guess

MOST = 20


@styled
def draw(of: Evaluated, path: Path) -> None:
    """Draw them, the most confident first."""
    wrong = [one for one in of.guesses if not one.right]
    title = f"{of.name}: no mistake in {len(of.guesses)} validation photos"
    if wrong:
        which = f"the {MOST} most confident of {len(wrong)} mistakes" if len(wrong) > MOST else "all mistakes"
        title = f"{of.name}: {which} in {len(of.guesses)} validation photos"
    samples.pictures(of, most_confident(wrong), title, path)


def most_confident(wrong: Sequence[Guess]) -> list[Guess]:
    """Return the mistakes that are drawn, the most confident first, of ties the first in the pack."""
    return sorted(wrong, key=lambda one: -one.probability)[:MOST]
