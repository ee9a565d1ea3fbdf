"""Configurations without end: what is refused before anything looks at it, and what still passes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from configs import DEFAULT, LAUGHS, load
from hostile import _no_hang, outcome, refused  # noqa: F401

from ablation.study import excess

LONGEST = excess.MOST_VALUES - 3  # with the whole, the key and the list


@pytest.mark.parametrize(
    "text",
    [
        "seeds: &a [*a]",
        "seeds: &a [*a, *a]",
        "recipe: &a {epochs: *a}",
        "datasets: &a {demo: *a}",
        "weights: " + "[" * 60 + "]" * 60,
        "seeds: [" + ", ".join(map(str, range(200_000))) + "]",
        "\n".join([*LAUGHS, "seeds: *a9"]),
    ],
    ids=["list in itself", "twice", "mapping in itself", "data set in itself", "deep", "long", "laughs"],
)
def test_a_configuration_that_would_never_end(text: str) -> None:
    overlay = yaml.load(text, yaml.CSafeLoader)
    refused(lambda: load({**DEFAULT, **overlay}), "config: ")


def deep(levels: int) -> Any:
    """A value inside so many lists."""
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("largest", "beyond"),
    [
        ({"a": deep(excess.MOST_LEVELS - 1)}, {"a": deep(excess.MOST_LEVELS)}),
        ({"a": [0] * LONGEST}, {"a": [0] * (LONGEST + 1)}),
        # A value counts as often as it is there, by an alias as well.
        ({"a": [[0] * 99] * 999}, {"a": [[0] * 99] * 1000}),
        ({"a": 2**excess.MOST_BITS - 1}, {"a": 2**excess.MOST_BITS}),
        ({"a": 1 - 2**excess.MOST_BITS}, {"a": -(2**excess.MOST_BITS)}),
        ({2**excess.MOST_BITS - 1: 0}, {2**excess.MOST_BITS: 0}),
    ],
    ids=["levels", "values", "aliases", "digits", "negative", "key"],
)
def test_the_largest_that_passes(largest: Any, beyond: Any) -> None:
    excess.refuse(largest)
    refused(lambda: excess.refuse(beyond), "config: a")


def test_python_prints_every_number_that_passes() -> None:
    assert str(-(2**excess.MOST_BITS) + 1)
    with pytest.raises(ValueError, match="integer string conversion"):
        str(2 ** (2 * excess.MOST_BITS))


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"seeds": [0, {"x": [2**20_000]}]}, "config: seeds[1].x[0] is a number"),
        ({"recipe": {2**20_000: 1}}, "config: recipe.a key is a number"),
        ({"a": {"b": {"c": deep(60)}}}, "config: a.b.c holds more"),
        (deep(60), "config: [0][0][0] holds more"),
        ({"a": {2, 2**20_000}}, "config: a["),
    ],
    ids=["number", "key", "deep", "list", "set"],
)
def test_the_place_is_named(config: Any, place: str) -> None:
    refused(lambda: excess.refuse(config), place)
