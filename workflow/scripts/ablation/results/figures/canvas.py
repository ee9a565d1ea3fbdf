"""What all figures share: the paper, the colours, and how a picture is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.running.files import atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# Pixels to the inch.
DPI = 120
# Okabe and Ito's colours, which colour-blind people tell apart.
TRAIN, VALIDATION = "#E69F00", "#0072B2"
RIGHT, WRONG = "#009E73", "#D55E00"


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
    """Cut the middle out of a text that is too long for its place; its ends tell most."""
    text = " ".join(text.split())
    half = (width - 1) // 2
    return text if len(text) <= width else f"{text[:half]}…{text[-half:]}"
