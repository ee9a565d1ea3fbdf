"""How names are written: in one form of Unicode, and in messages shortened and only the first of many."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_SHOWN = 3
# Of a longer name, messages show both ends.
_NAME_SHOWN = 100


def nfc(name: str) -> str:
    """Return a name in Unicode's composed form, in which accents are part of their letters."""
    return unicodedata.normalize("NFC", name)


def short(name: object) -> str:
    """Return a name in one line, or the two ends of one that would bury the rest of a message.

    Line breaks and what else cannot be printed are shown as Python writes them.
    """
    text, half = str(name), _NAME_SHOWN // 2
    ends = [text] if len(text) <= _NAME_SHOWN else [text[:half], text[-half:]]
    return "...".join(map(printable, ends))


def printable(text: str) -> str:
    """Return a text with what cannot be printed as Python writes it."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def some(names: Iterable[object], one: str = "photo", many: str = "photos") -> str:
    """Return such as `3 photos (a.jpg, b.jpg, c.jpg)`, naming only the first few of many."""
    listed = [short(name) for name in names]
    shown = ", ".join(listed[:_SHOWN]) + (", ..." if len(listed) > _SHOWN else "")
    return f"{len(listed)} {one if len(listed) == 1 else many} ({shown})"


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for a wide character, none for an accent."""
    return sum(0 if is_accent(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def is_accent(one: str) -> bool:
    """Tell whether a character is drawn onto the one before it, or not at all."""
    return unicodedata.category(one) in ("Mn", "Me", "Cf")


def fitted(name: str, width: int) -> str:
    """Return a name as it is printed in at most `width` columns, 5 or more: of a longer one, both ends."""
    text = printable(name)
    if columns(text) <= width:
        return text
    half = (width - 3) // 2
    return f"{_start(text, width - 3 - half)}...{_start(text[::-1], half)[::-1]}"


def _start(text: str, width: int) -> str:
    """Return as much of a text's beginning as fits into `width` columns."""
    end, used = 0, 0
    while end < len(text) and used + columns(text[end]) <= width:
        used += columns(text[end])
        end += 1
    return text[:end]


def wrapped(label: str, text: str, indent: int, width: int = 80) -> list[str]:
    """Return a text as lines of at most `width` columns, the label before the first, in `indent` columns.

    Lines break at spaces alone; a longer word has a line of its own. What cannot be printed is shown as by
    `printable`.
    """
    lines = [label + " " * (indent - columns(label))]
    empty = True
    for word in map(printable, text.split()):
        if not empty and columns(lines[-1]) + 1 + columns(word) > width:
            lines.append(" " * indent)
            empty = True
        lines[-1] += word if empty else f" {word}"
        empty = False
    return [line.rstrip() for line in lines]
