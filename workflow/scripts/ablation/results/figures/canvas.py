"""What all figures share: the paper, the colours, and how a picture is written."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.photos import wording
from ablation.photos.wording import columns, is_accent
from ablation.running.files import atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# Pixels to the inch.
DPI = 120
# Okabe and Ito's colours, which colour-blind people tell apart.
TRAIN, VALIDATION = "#E69F00", "#0072B2"
RIGHT, WRONG = "#009E73", "#D55E00"
# A mark that draws nothing.
LEFT_TO_RIGHT = "\u200e"


def canvas(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, Any]:
    """Return an empty figure (in inches) and its axes, drawn without a screen."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns)
    return figure, axes


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG; the same figure gives the same bytes."""
    with atomic(path) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata={"Software": None})


def tidy(axes: Axes) -> None:
    """Take away what carries no information and put a faint grid behind the rest."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)


def short(text: str, width: int) -> str:
    """Cut the middle out of a text that is too long for its place, in columns; its ends tell most."""
    text = " ".join(text.split())
    if columns(text) <= width:
        return text
    half, ends = (width - 1) // 2, [place for place, one in enumerate(text) if not is_accent(one)]
    first = max(end for end in ends if columns(text[:end]) <= half)
    last = min((start for start in ends if columns(text[start:]) <= half), default=len(text))
    return f"{text[:first]}…{text[last:]}"


def wrapped(text: str, width: int) -> str:
    """Break a text into lines of so many columns between its words, a longer word on a line of its own."""
    return "\n".join(map(marked, wording.wrapped("", text, 0, width)))


def marked(text: str) -> str:
    """Return a text, which may be Arabic or Hebrew, so that what stands beside it keeps its place."""
    if any(unicodedata.bidirectional(one) in ("R", "AL") for one in text):
        return f"{LEFT_TO_RIGHT}{text}{LEFT_TO_RIGHT}"
    return text
