"""The words of a mistake: places, values and kinds as YAML's reader knows them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ablation.study import wording
from ablation.study.dialect import Validator
from ablation.study.wording import kind, number_hint, place, sentence, shown


def told(schema: dict[str, Any], value: Any, *prefix: str) -> str:
    (error,) = Validator(schema).iter_errors(value)
    return sentence(error, list(prefix))


@pytest.mark.parametrize(
    ("prefix", "path", "expected"),
    [
        ([], [], ""),
        ([], ["recipe", "epochs"], "recipe.epochs"),
        ([], ["experiments", 2, "backbone", 0], "experiments[2].backbone[0]"),
        (["datasets", "demo"], ["size", 1], "datasets.demo.size[1]"),
        ([], [0, "a"], "[0].a"),
        ([], ["a\nb", 1], r"'a\nb[1]'"),
    ],
)
def test_a_place_is_written_as_a_reader_would(prefix: list[str], path: list[Any], expected: str) -> None:
    assert place(prefix, path) == expected


@given(path=st.lists(st.text() | st.integers()))
def test_every_place_can_be_printed(path: list[str | int]) -> None:
    assert place([], path).isprintable()


@given(value=st.text(max_size=300) | st.integers() | st.lists(st.integers(), max_size=100))
@example("x" * (wording.MOST_SHOWN - 2))
@example("x" * (wording.MOST_SHOWN - 1))
def test_a_value_is_cut_where_it_would_bury_the_message(value: Any) -> None:
    whole, text = repr(value), shown(value)
    if len(whole) <= wording.MOST_SHOWN:
        assert text == whole
    else:
        assert text.endswith("...")
        assert text.removesuffix("...") == whole[: wording.MOST_SHOWN]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty"),
        ("~", "empty"),
        ("{a: 1}", "a mapping"),
        ("[1]", "a list"),
        ("'1'", "text"),
        ("1e-3", "text"),
        ("yes", "true or false"),
        ("5", "an integer"),
        ("1.5", "a number"),
        (".inf", "too large or not finite"),
        ("-.inf", "too large or not finite"),
        (".nan", "too large or not finite"),
        (str(2**63), "too large or not finite"),
        ("2020-01-01", "date"),
        ("!!binary aGk=", "bytes"),
    ],
)
def test_kinds_are_those_of_what_yaml_reads(text: str, expected: str) -> None:
    assert kind(yaml.safe_load(text)) == expected


@pytest.mark.parametrize("text", ["1e-3", "1E5", "5", "'0.1'"])
def test_a_text_that_looks_like_a_number_is_told_how_to_be_one(text: str) -> None:
    value = str(yaml.safe_load(text))
    hint = number_hint(value)
    if "e" not in text.lower():
        assert "without quotes" in hint
        assert isinstance(yaml.safe_load(value), (int, float))
    else:
        assert yaml.safe_load(text) == text
        assert hint.startswith(" (write 0.001 or 1.0e-3: ")
        assert yaml.safe_load("[0.001, 1.0e-3]") == [0.001, 0.001]


@pytest.mark.parametrize("value", ["many", "", "1 2", 5, None, ["1"]], ids=repr)
def test_other_values_get_no_hint(value: Any) -> None:
    assert number_hint(value) == ""


SECTIONS = {
    "recipe": {"properties": {"epochs": {}}},
    "optimizers": {"additionalProperties": {"properties": {"learning_rate": {}}}},
    "experiments": {"items": {"properties": {"backbone": {}}}},
}


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ({"epochs": 1}, "it belongs into recipe: write recipe: {epochs: 1}, or behind --config recipe="),
        (
            {"learning_rate": 0.1},
            "entry of optimizers: behind --config 'optimizers={<name>: {learning_rate: 0.1}}'",
        ),
        ({"backbone": "vgg11"}, "study's file, such as - {..., backbone: vgg11}"),
    ],
)
def test_a_key_that_belongs_elsewhere(typed: dict[str, Any], advice: str) -> None:
    assert advice in told({"properties": SECTIONS, "additionalProperties": False}, typed)


def test_a_key_that_is_nearly_right() -> None:
    schema = {"properties": {"epochs": {}, "seed": {}}, "additionalProperties": False}
    assert told(schema, {"epoch": 1}, "recipe") == (
        "recipe has an unknown key 'epoch'; did you mean 'epochs'? one of: epochs, seed"
    )
    assert told(schema, {"seed": 1, "x": 2}) == "the top level has an unknown key 'x'; one of: epochs, seed"


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer"}, "x", "k is 'x', which is text; it must be an integer"),
        (
            {"type": ["array", "string"]},
            5,
            "k is 5, which is an integer; it must be a list, as in [1, 2] or text",
        ),
        ({"enum": ["a", 1]}, "c", "k is 'c'; one of: a, 1"),
        ({"pattern": "^a$"}, "b", "k is 'b'; allowed: ^a$"),
        ({"pattern": "^a$", "description": "the letter a"}, "b", "k is 'b'; allowed: the letter a"),
        ({"uniqueItems": True}, [1, 1], "k is [1, 1]; its values must differ"),
        ({"minimum": 2}, 1, "k is 1; it must be at least 2"),
        ({"exclusiveMaximum": 1}, 1.0, "k is 1.0; it must be less than 1"),
        ({"required": ["a", "b"]}, {"a": 1}, "k.b is missing; it is required"),
        (
            {"propertyNames": {"pattern": "^a$", "description": "only a"}},
            {"b": 1},
            "k has the name 'b'; allowed: only a",
        ),
        ({"const": 5}, 6, "k is 6: 5 was expected"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_mistake_in_words(schema: dict[str, Any], value: Any, expected: str) -> None:
    assert told(schema, value, "k") == expected


def test_limits_and_types_are_those_of_json_schema() -> None:
    assert set(wording.LIMITS) <= set(Draft202012Validator.VALIDATORS)
    for name in wording.TYPES:
        Draft202012Validator({"type": name}).is_valid(0)
