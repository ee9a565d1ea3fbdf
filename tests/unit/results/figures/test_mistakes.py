"""Which mistakes are shown."""

from __future__ import annotations

from ablation.results.figures.evaluated import Guess
from ablation.results.figures.mistakes import MOST, most_confident


def test_the_most_confident_come_first() -> None:
    found = [Guess(f"{k}", "a", "b", confidence) for k, confidence in enumerate([0.2, 0.9, 0.9, 1.0])]
    assert [one.file for one in most_confident(found)] == ["3", "1", "2", "0"]
    assert len(most_confident(found * MOST)) == MOST
