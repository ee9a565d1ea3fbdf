"""Refusing what no study needs and a few lines of YAML can write: a configuration without end.

With aliases these are a list that holds itself or more values than fit in memory, and without any integers
that Python refuses to print.
"""

from __future__ import annotations

from typing import Any

from ablation.running.errors import UserError
from ablation.study.wording import place

MOST_LEVELS = 50
MOST_VALUES = 100_000
MOST_BITS = 10_000


def refuse(config: Any) -> None:
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
