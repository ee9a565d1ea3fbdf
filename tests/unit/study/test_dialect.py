"""The dialect of JSON Schema: jsonschema's own, but for numbers and for where a text ends."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ablation.study.dialect import Validator

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
# Not those that the dialect is about.
ORDINARY = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: not value.is_integer())
    | st.text()
    | st.lists(st.integers(0, 9), max_size=2)
    | st.dictionaries(st.text(), st.integers(0, 9), max_size=2)
)


def types(validator: Any, value: Any) -> set[str]:
    """All types that a value is of."""
    return {name for name in TYPES if validator({"type": name}).is_valid(value)}


@given(value=ORDINARY)
def test_types_are_those_of_json_schema(value: Any) -> None:
    assert types(Validator, value) == types(Draft202012Validator, value) != set()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *[(value, {"number"}) for value in (16.0, -0.0, 1e300)],
        *[(value, {"integer", "number"}) for value in (0, 2**63 - 1, -(2**63))],
        *[(value, set()) for value in (2**63, -(2**63) - 1, math.inf, -math.inf, math.nan)],
    ],
)
def test_integers_have_no_point_and_numbers_an_end(value: Any, expected: set[str]) -> None:
    assert types(Validator, value) == expected
    assert types(Draft202012Validator, value) == {"number"} | ({"integer"} if value % 1 == 0 else set())


@pytest.mark.parametrize("expression", ["^[a-z]+$", "[a-z]$", "^a|b$", "[a-z]", r"\{x\}"])
@given(text=st.text("aB1 {x}") | st.text())
def test_patterns_match_as_json_schema_has_it(expression: str, text: str) -> None:
    schema = {"pattern": expression}
    # Python's "$" matches before a final line break, JSON Schema's does not.
    text = text.rstrip("\n")
    assert Validator(schema).is_valid(text) == Draft202012Validator(schema).is_valid(text)


def test_a_line_break_at_the_end_is_part_of_the_text() -> None:
    schema = {"pattern": "^[a-z]+$"}
    (error,) = Validator(schema).iter_errors("rose\n")
    assert (error.validator, error.message) == ("pattern", "'rose\\n' does not match '^[a-z]+$'")
    assert Draft202012Validator(schema).is_valid("rose\n")


@pytest.mark.parametrize("value", [None, 5, ["x"], {"x": 1}], ids=repr)
def test_a_pattern_is_for_texts(value: Any) -> None:
    assert Validator({"pattern": "^a$"}).is_valid(value)
