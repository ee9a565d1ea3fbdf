"""Which studies are grids."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from ablation.study import grids


def rows(**values: list[Any]) -> list[dict[str, Any]]:
    """An experiment for each combination; what is not named is the same in all."""
    same = dict.fromkeys(grids.THINGS, "same")
    return [same | dict(zip(values, each, strict=True)) for each in product(*values.values())]


def test_every_combination_of_two_things_or_more() -> None:
    assert grids.of(rows(backbone=["a", "b"], augmentation=["c", "d", "e"])) == ["augmentation", "backbone"]
    three = rows(backbone=["a", "b"], augmentation=["c", "d"], learning_rate=[0.1, 0.2, 0.3])
    assert grids.of(three) == ["learning_rate", "backbone", "augmentation"]


def test_one_thing_alone_is_no_grid() -> None:
    assert grids.of(rows(backbone=["a", "b", "c"])) == []
    assert grids.of(rows(backbone=["a"])) == []


@pytest.mark.parametrize("change", ["one is missing", "one is there twice", "one more"])
def test_a_grid_has_each_once(change: str) -> None:
    found = rows(backbone=["a", "b"], augmentation=["c", "d"])
    if change == "one is missing":
        found = found[1:]
    elif change == "one is there twice":
        # As of experiments that differ in what no table tells.
        found = [*found, found[0]]
    else:
        found = [*found, {**found[0], "backbone": "z"}]
    assert grids.of(found) == []


def test_what_goes_along_with_another_thing_is_no_dimension() -> None:
    found = rows(backbone=["a", "b"], augmentation=["c", "d"])
    with_own = [row | {"optimizer": f"for {row['backbone']}", "learning_rate": 0.1} for row in found]
    assert grids.of(with_own) == ["backbone", "augmentation"]
