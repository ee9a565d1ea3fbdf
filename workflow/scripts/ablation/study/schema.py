"""Checking config.yaml against its schema: defaults filled in, the first mistake told in one line."""

from __future__ import annotations

import copy
import difflib
import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from ablation.running.errors import UserError

# JSON schema's names of types, in YAML's words.
TYPES = {
    "array": "a list, as in [1, 2]",
    "object": "a mapping",
    "string": "text",
    "number": "a number",
    "integer": "an integer",
}
# Characters of a value that a message shows.
MOST_SHOWN = 200
# What no study needs, and what a few lines of YAML can write: with aliases a list that holds itself or more
# values than fit in memory, and integers that Python refuses to print.
MOST_LEVELS = 50
MOST_VALUES = 100_000
MOST_BITS = 10_000
# The sections whose entries have the fields of their `source`.
BY_SOURCE = ("datasets", "weight_sources")


def whole(_checker: Any, value: Any) -> bool:
    """Tell whether a value is an integer of 64 bits; unlike JSON Schema's, 16.0 is none."""
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def finite(checker: Any, value: Any) -> bool:
    """Tell whether a value is a number; infinity and not-a-number, which YAML can write, are none."""
    return whole(checker, value) or (isinstance(value, float) and math.isfinite(value))


def pattern(validator: Any, expression: str, value: Any, _part: Any) -> Iterator[ValidationError]:
    """Match to the very end of a text: Python's own "$" lets a final line break pass."""
    if validator.is_type(value, "string") and not re.search(expression.replace("$", r"\Z"), value):
        yield ValidationError(f"{value!r} does not match {expression!r}")


Validator: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": whole, "number": finite}),
)


@cache
def read(path: Path) -> dict[str, Any]:
    """Return the schema file as a mapping."""
    schema: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return schema


def refuse_repeated_keys(paths: Iterable[Path]) -> None:
    """Raise UserError if a mapping in one of these files has a key twice: YAML keeps the last in silence.

    A file that cannot be read is left to Snakemake, which has more to say about it.
    """
    for path in paths:
        try:
            # JSON, which Snakemake reads as well, is YAML but for its tabs.
            waiting = [yaml.compose(path.read_text(encoding="utf-8").replace("\t", " "))]
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            continue
        seen: set[int] = set()
        while waiting:
            node = waiting.pop()
            if id(node) in seen:  # by an alias, perhaps its own
                continue
            seen.add(id(node))
            if isinstance(node, yaml.SequenceNode):
                waiting += node.value
            if isinstance(node, yaml.MappingNode):
                waiting += [value for _, value in node.value]
                refuse_repeated(path, [key for key, _ in node.value])


def refuse_repeated(path: Path, keys: list[Any]) -> None:
    """Raise UserError if one of a mapping's YAML nodes of keys is there twice."""
    lines: dict[tuple[str, str], int] = {}
    for key in keys:
        name, line = (key.tag, str(key.value)), key.start_mark.line + 1
        if name in lines:
            where = f"line {line}" if line == lines[name] else f"lines {lines[name]} and {line}"
            raise UserError(f"config: {path}, {where}, gives {shown(key.value)} twice; delete one")
        lines[name] = line


def check(config: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return a copy of the configuration with the schema's defaults; raise UserError for a mistake."""
    schema = read(path)
    refuse_excess(config)
    config = copy.deepcopy(config)
    validate(config, schema, schema, [])
    for section in BY_SOURCE:
        kinds = schema["$defs"][section]
        for name, entry in config[section].items():
            if entry.get("source") not in list(kinds):
                found = f"is {shown(entry['source'])}" if "source" in entry else "is missing"
                raise UserError(f"config: {section}.{name}.source {found}; one of: {', '.join(kinds)}")
            validate(entry, kinds[entry["source"]], schema, [section, name])
    return config


def refuse_excess(config: Any) -> None:
    """Raise UserError for a configuration so large or deep that checking it would not end well."""
    waiting: list[tuple[list[str | int], Any]] = [([], config)]
    count = 0
    while waiting:
        path, value = waiting.pop()
        count += 1
        if len(path) > MOST_LEVELS or count > MOST_VALUES:
            raise UserError(
                f"config: {place([], path[:3]) or 'the top level'} holds more than {MOST_LEVELS} levels or "
                f"{MOST_VALUES} values; look for an alias (*name) inside what it stands for"
            )
        if isinstance(value, int) and value.bit_length() > MOST_BITS:
            raise UserError(f"config: {place([], path)} is a number of thousands of digits")
        if isinstance(value, dict):
            for key, inner in value.items():
                waiting += [([*path, "a key"], key), ([*path, key if isinstance(key, str) else "?"], inner)]
        elif isinstance(value, (list, tuple, set)):
            waiting += [([*path, position], inner) for position, inner in enumerate(value)]


def validate(value: dict[str, Any], part: dict[str, Any], whole: dict[str, Any], where: list[str]) -> None:
    """Validate a value against a part of the schema, then fill in that part's defaults (in place)."""
    validator = Validator({**part, "$defs": whole["$defs"]})
    errors = sorted(
        validator.iter_errors(value), key=lambda error: [str(step) for step in error.absolute_path]
    )
    if errors:
        raise UserError("config: " + sentence(errors[0], where))
    fill(value, part)


def fill(value: Any, schema: dict[str, Any]) -> None:
    """Fill in missing keys that have a default, at every level."""
    if not isinstance(value, dict):
        return
    for key, part in schema.get("properties", {}).items():
        if "default" in part and key not in value:
            value[key] = copy.deepcopy(part["default"])
        fill(value.get(key), part)
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        for key in value.keys() - schema.get("properties", {}).keys():
            fill(value[key], others)


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
    limits = {
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
    if error.validator in limits:
        return f"{key} {found}; it must be {limits[error.validator]} {error.validator_value}"
    if error.validator == "uniqueItems":
        return f"{key} {found}; its values must differ"
    if error.validator == "enum":
        return f"{key} {found}; one of: {', '.join(str(one) for one in error.validator_value)}"
    if error.validator == "pattern":
        return f"{key} {found}; allowed: {error.schema.get('description', error.validator_value)}"
    return f"{key} {found}: {error.message}"


def unknown_key(error: Any, where: str) -> str:
    """Name the key that the schema does not know, the nearest known one, and all of them."""
    known = list(error.schema["properties"])
    key = str(next(key for key in error.instance if key not in known))
    near = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{where or 'the top level'} has an unknown key {shown(key)}; {hint}one of: {', '.join(known)}"


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
    names = {
        dict: "a mapping",
        list: "a list",
        str: "text",
        bool: "true or false",
        int: "an integer",
        float: "a number",
    }
    if value is None:
        return "empty"
    if isinstance(value, (int, float)) and not finite(None, value) and not isinstance(value, bool):
        return "too large or not finite"
    return names.get(type(value), type(value).__name__)


def number_hint(value: Any) -> str:
    """Say how a text that looks like a number is written as one; nothing of other values."""
    try:
        float(value if isinstance(value, str) else "")
    except ValueError:
        return ""
    if "e" in value.lower():
        return " (write 0.001 or 1.0e-3: YAML reads 1e-3 as text)"
    return " (without quotes; inside lists and mappings, --config reads numbers as text: use --configfile)"
