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
