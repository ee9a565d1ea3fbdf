"""The order of classes."""

from __future__ import annotations

import pytest

from ablation.photos.classes import ordered


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["10", "2", "1"], ["1", "2", "10"]),
        (["10", "2", "-1"], ["-1", "2", "10"]),
        (["10", "2", "x"], ["10", "2", "x"]),
        (["b", "B", "a"], ["B", "a", "b"]),
        (["1", "01", "0"], ["0", "01", "1"]),
        (["1.5", "10", "2"], ["1.5", "10", "2"]),
        (["9" * 5000, "2"], ["2", "9" * 5000]),
        (["\u00b2", "1"], ["1", "\u00b2"]),
    ],
)
def test_order_of_classes(names: list[str], expected: list[str]) -> None:
    assert ordered(names * 2) == expected
