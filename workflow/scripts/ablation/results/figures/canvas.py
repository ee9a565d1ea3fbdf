"""What all figures share: the one style, the colours, and how a picture is written."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from ablation.photos import wording
from ablation.photos.wording import columns, is_accent
from ablation.running.files import atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

P = ParamSpec("P")

# Pixels to the inch.
DPI = 120
# Okabe and Ito's colours, which colour-blind people tell apart.
TRAIN, VALIDATION = "#E69F00", "#0072B2"
RIGHT, WRONG = "#009E73", "#D55E00"
# Of what is there to compare with, and of words that explain.
FAINT, QUIET = "0.85", "0.35"
# All figures are drawn by this, and by nothing else that is set in one of them for itself.
STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 10,
    "figure.titlesize": 11,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    # Faint, and behind what is shown.
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    # A class may be called "$5 or $10".
    "text.parse_math": False,
    # The same bytes for the same data; and letters as shapes, so that no reader needs the font.
    "svg.hashsalt": "ablation",
    "svg.fonttype": "path",
}
# A mark that draws nothing.
LEFT_TO_RIGHT = "\u200e"
# Nor does this one, which in addition counts as printable.
_IN_ITS_PLACE = "\u034f"


def styled(draw: Callable[P, None]) -> Callable[P, None]:
    """Have a function draw in the style of all figures, whatever the user's matplotlib is set to."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        import matplotlib

        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            style: Any = STYLE  # matplotlib's stubs list each key
            matplotlib.rcParams.update(style)
            draw(*args, **kwargs)

    return drawn


def canvas(width: float, height: float, rows: int = 1, columns: int = 1, **how: Any) -> tuple[Figure, Any]:
    """Return an empty figure (in inches) and its axes, drawn without a screen."""
    figure = paper(width, height)
    return figure, figure.subplots(rows, columns, **how)


def paper(width: float, height: float) -> Figure:
    """Return a figure (in inches) with nothing on it."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, path: Path, *, photos: bool = False) -> None:
    """Write a figure as PNG at `path` and, unless it shows photos, as SVG beside it.

    The same figure gives the same bytes. An SVG of photos would be their pixels in a wrapper, several times
    as large and no sharper.
    """
    with ExitStack() as both:
        if not photos:
            drawing = both.enter_context(atomic(path.with_suffix(".svg")))
        pixels = both.enter_context(atomic(path))
        figure.savefig(pixels, dpi=DPI, metadata={"Software": None})
        if not photos:
            # Everything has its place by now; finding it again would take as long as drawing.
            figure.set_layout_engine("none")
            figure.savefig(drawing, dpi=DPI, metadata={"Date": None, "Creator": None})


def files(name: str, *, photos: bool) -> list[str]:
    """Return the names of the files of a figure that `save` writes."""
    return [f"{name}.png"] if photos else [f"{name}.png", f"{name}.svg"]


def named(text: str, width: int) -> str:
    """Return a name as it is drawn, in at most so many columns, whatever it is written in."""
    return marked(short(text, width))


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
    """Break a text into lines of so many columns between its words, a longer word on a line of its own.

    Parts of it may be `marked` already.
    """
    lines = wording.wrapped("", text.replace(LEFT_TO_RIGHT, _IN_ITS_PLACE), 0, width)
    return "\n".join(marked(one.replace(_IN_ITS_PLACE, LEFT_TO_RIGHT)) for one in lines)


def marked(text: str) -> str:
    """Return a text, which may be Arabic or Hebrew, so that what stands beside it keeps its place."""
    strong = [(place, way) for place, one in enumerate(text) if (way := strength(one))]
    if "R" not in dict(strong).values():
        return text
    # After each run of such words, and not between two of them: what stands there is part of their run.
    followed = zip(strong, [*strong[1:], (len(text), "L")], strict=True)
    ends = [place + 1 for (place, way), (_, following) in followed if (way, following) == ("R", "L")]
    pieces = [text[start:end] for start, end in pairwise([0, *ends, len(text)])]
    return LEFT_TO_RIGHT + LEFT_TO_RIGHT.join(piece for piece in pieces if piece) + LEFT_TO_RIGHT


def strength(one: str) -> str:
    """Return in which direction a letter is written for sure, L or R; nothing of a sign or a digit."""
    return {"L": "L", "R": "R", "AL": "R"}.get(unicodedata.bidirectional(one), "")
