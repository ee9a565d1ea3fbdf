"""Short words for long lists and for what other libraries say."""

from __future__ import annotations

from collections.abc import Collection

# More names in one line are not read.
FEW = 4


def listed(names: Collection[str]) -> str:
    """Return the first few of some names, and how many more there are."""
    first = list(names)[: FEW if len(names) > FEW + 1 else FEW + 1]
    more = len(names) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its name if it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].strip().rstrip(":") if lines else type(error).__name__
