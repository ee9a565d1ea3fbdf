"""JSON Schema as config.yaml is checked by it: stricter about numbers, and about where a text ends."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators


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
