"""The parameters of transforms as a configuration gives them: checked, defaults filled in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from ablation.training.transforms.base import require
from ablation.training.transforms.table import TRANSFORMS

# The normalize by a network's own mean and deviation: no transform, as only a study knows its network.
STANDARDIZE = "standardize"


def resolve(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a transform's parameters with its defaults filled in, in builtin types.

    Each is a number, a whole one where its default is, or a list of numbers where its default is one. Raises
    ValueError for an unknown name, an unknown parameter or a value out of range.
    """
    known = ", ".join([*TRANSFORMS, STANDARDIZE])
    require(name in TRANSFORMS, f"unknown transform {name!r}; one of: {known}")
    cls = TRANSFORMS[name]
    defaults = {field.name: field.default for field in fields(cls)}  # type: ignore[arg-type]
    for key, value in parameters.items():
        require(key in defaults, f"{name} has no parameter {key!r}; it has: {', '.join(defaults)}")
        numbers = value if isinstance(value, (list, tuple)) else [value]
        require(
            all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers),
            f"{key} is {value!r}, not a number (write 0.001 or 1.0e-3: YAML reads 1e-3 as text)",
        )
        require(all(map(math.isfinite, numbers)), f"{key} is {value!r}, not finite")
        wanted = kind(defaults[key])
        require(kind(value).split()[0] == wanted.split()[0], f"{key} must be {wanted}")
        whole = not isinstance(defaults[key], int) or float(value).is_integer()
        require(whole, f"{key} is {value!r}, not a whole number")
    values = asdict(cls(**parameters))  # type: ignore[call-overload]
    return {key: builtin(value, whole=isinstance(defaults[key], int)) for key, value in values.items()}


def builtin(value: Any, *, whole: bool) -> Any:
    """Return a number, or a list of them, as int where it is a whole one and else as float."""
    if isinstance(value, (list, tuple)):
        return list(map(float, value))
    return int(value) if whole else float(value)


def kind(value: Any) -> str:
    """Say what a value is: one number, or a list of so many."""
    if not isinstance(value, (list, tuple)):
        return "one number"
    return f"a list of {({2: 'two', 3: 'three'}).get(len(value), len(value))} numbers"
