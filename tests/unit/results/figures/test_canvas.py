"""What all figures share."""

from __future__ import annotations

import pytest

from ablation.results.figures.canvas import short


@pytest.mark.parametrize(
    ("text", "expected"),
    [("rose", "rose"), ("", ""), ("x" * 9, "x" * 9), ("abcdefghij", "abcd…ghij"), ("a\n b", "a b")],
)
def test_short(text: str, expected: str) -> None:
    assert short(text, 9) == expected
