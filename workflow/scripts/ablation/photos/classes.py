"""The order of a data set's classes, which numbers their labels."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Up to 18 digits: int() of thousands of digits raises.
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


def ordered(names: Iterable[str]) -> list[str]:
    """Return each class once, in the order of their labels: by number if all are integers, else by name."""
    different = sorted(set(names))
    if all(_INTEGER.fullmatch(name) for name in different):
        different.sort(key=int)
    return different
