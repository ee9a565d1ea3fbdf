"""A mistake in config.yaml in one line: which key is wrong, what was found there and what is allowed."""

from __future__ import annotations

import difflib
import shlex
from typing import Any

from ablation.study.dialect import finite

# JSON schema's names of types, in YAML's words.
TYPES = {
    "array": "a list, as in [1, 2]",
    "object": "a mapping",
    "string": "text",
    "number": "a number",
    "integer": "an integer",
}
# Python's types, in YAML's words.
KINDS = {
    dict: "a mapping",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "an integer",
    float: "a number",
}
# What JSON schema's limits ask of a value.
LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
    "minItems": "a list with at least this many values:",
    "maxItems": "a list with at most this many values:",
    "minProperties": "a mapping with at least this many keys:",
    "maxProperties": "a mapping with at most this many keys:",
    "maxLength": "text with at most this many characters:",
}
# Characters of a value that a message shows.
MOST_SHOWN = 200


def sentence(error: Any, prefix: list[str]) -> str:
    """Say of a jsonschema ValidationError which key is wrong, what was found and what is allowed."""
    path = list(error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        return (
            f"{place(prefix, path)} has the name {shown(error.instance)}; "
            f"allowed: {error.schema['description']}"
        )
    if error.validator == "additionalProperties":
        return unknown_key(error, place(prefix, path))
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"{place(prefix, [*path, missing])} is missing; it is required"
    key, found = place(prefix, path) or "the top level", f"is {shown(error.instance)}"
    if error.validator == "type":
        allowed = error.validator_value
        kinds = " or ".join(
            TYPES.get(one, one) for one in ([allowed] if isinstance(allowed, str) else allowed)
        )
        return (
            f"{key} {found}, which is {kind(error.instance)}; it must be {kinds}{number_hint(error.instance)}"
        )
    if error.validator in LIMITS:
        return f"{key} {found}; it must be {LIMITS[error.validator]} {error.validator_value}"
    if error.validator == "uniqueItems":
        return f"{key} {found}; its values must differ"
    if error.validator == "enum":
        return f"{key} {found}; one of: {', '.join(str(one) for one in error.validator_value)}"
    if error.validator == "pattern":
        return f"{key} {found}; allowed: {error.schema.get('description', error.validator_value)}"
    return f"{key} {found}: {error.message}"


def unknown_key(error: Any, where: str) -> str:
    """Name the key that the schema does not know, the nearest known one, and all of them.

    At the top level, of a key that belongs into a section or an entry of one, how it is written there.
    """
    known = list(error.schema["properties"])
    key = str(next(key for key in error.instance if key not in known))
    near = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    belongs = True
    for section, its in error.schema["properties"].items():
        if key in its.get("properties", {}):
            line = f"{section}: {{{key}: {error.instance[key]}}}"
            command = f"{section}={shlex.quote(line.removeprefix(f'{section}: '))}"
            own = "; experiments with one of their own keep it" if section == "recipe" else ""
            hint = f"it belongs into {section}: write {line}, or behind --config {command}{own}; "
            break
        if key in its.get("items", {}).get("properties", {}):
            hint = (
                f"it belongs into an entry of {section}, which is a list: write it there, in config.yaml or "
                f"a study's file, such as - {{..., {key}: {error.instance[key]}}}; "
            )
            break
        others = its.get("additionalProperties")
        if isinstance(others, dict) and key in others.get("properties", {}):
            word = f"{section}={{<name>: {{{key}: {error.instance[key]}}}}}"
            hint = f"it belongs into an entry of {section}: behind --config {shlex.quote(word)}; "
            break
    else:
        belongs = False
    what = f"{where or 'the top level'} has an unknown key {shown(key)}"
    # Who has been told where it belongs needs no list.
    return f"{what}; {hint.removesuffix('; ')}" if belongs else f"{what}; {hint}one of: {', '.join(known)}"


def place(prefix: list[str], path: list[str | int]) -> str:
    """Write a path as config.yaml's reader would: recipe.epochs, experiments[2].backbone."""
    text = ""
    for step in [*prefix, *path]:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text if text.isprintable() else repr(text)


def shown(value: Any) -> str:
    """Return a value as Python writes it, cut where it would bury the message."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def kind(value: Any) -> str:
    """Name a value's type in YAML's words."""
    if value is None:
        return "empty"
    if isinstance(value, (int, float)) and not finite(None, value) and not isinstance(value, bool):
        return "too large or not finite"
    return KINDS.get(type(value), type(value).__name__)


def number_hint(value: Any) -> str:
    """Say how a text that looks like a number is written as one; nothing of other values."""
    try:
        float(value if isinstance(value, str) else "")
    except ValueError:
        return ""
    if "e" in value.lower():
        return " (write 0.001 or 1.0e-3: YAML reads 1e-3 as text)"
    return " (without quotes)"
