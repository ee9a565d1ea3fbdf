"""A study that tries everything with everything, as a heat map of accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.results.figures import fonts
from ablation.results.figures.canvas import WRONG, canvas, named, save, styled
from ablation.results.figures.given import Given

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ablation.results.figures.study import StudyFigure

# Panels, and rows or columns of one, that have room.
MOST_PANELS, MOST_CELLS = 9, 24
ACROSS = 3


@styled
def draw(given: Given, figure: StudyFigure, path: Path) -> None:
    """Draw a panel for each value of what varies beyond rows and columns."""
    down, across, *rest = given.grid
    rows = given.rows
    combined: Any = rows[list(rest)].itertuples(index=False, name=None) if rest else [()]
    panels = list(dict.fromkeys(combined))
    title, shown = figure.title, panels
    if len(panels) > MOST_PANELS:
        title += f": the {MOST_PANELS} panels with the most accurate of {len(panels)}"
        best = rows.groupby(list(rest), sort=False)["shown"].max().nlargest(MOST_PANELS).index
        kept = {one if isinstance(one, tuple) else (one,) for one in best.tolist()}
        shown = [one for one in panels if one in kept]
    vertical, horizontal = (values(rows, name) for name in (down, across))
    fonts.use(map(str, [*vertical, *horizontal, *(value for one in shown for value in one)]))
    side = min(len(shown), ACROSS)
    lines = -(-len(shown) // side)
    width = max(side * (0.62 * min(len(horizontal), MOST_CELLS) + 0.3) + 2.6, 6)
    height = lines * (0.42 * min(len(vertical), MOST_CELLS) + 0.5) + 1.9
    sheet, axes = canvas(width, height, lines, side, squeeze=False, sharex=True, sharey=True)
    there = rows["shown"].dropna()
    low, high = (there.min(), there.max()) if len(there) else (0.0, 1.0)
    for one in axes.flat[len(shown) :]:
        one.axis("off")
    drawn: Any = None
    for one, value in zip(axes.flat, shown, strict=False):
        chosen = rows
        for name, its in zip(rest, value, strict=True):
            chosen = chosen[chosen[name] == its]
        table = chosen.pivot(index=down, columns=across, values="shown").reindex(vertical, columns=horizontal)
        drawn = panel(one, table.iloc[:MOST_CELLS, :MOST_CELLS], (float(low), float(high)))
        told = ", ".join(f"{worded(name)} {its}" for name, its in zip(rest, value, strict=True))
        one.set_title(named(told, 40), fontsize=9)
    sheet.supylabel(worded(down), fontsize=10)
    sheet.supxlabel(worded(across), fontsize=10)
    bar = sheet.colorbar(drawn, ax=axes, fraction=0.03, aspect=30, pad=0.02)
    bar.set_label(f"accuracy on {given.photos}", fontsize=9)
    bar.outline.set_visible(False)
    hidden = [
        f"{len(names) - MOST_CELLS} values of {worded(what)}"
        for what, names in ((down, vertical), (across, horizontal))
        if len(names) > MOST_CELLS
    ]
    sheet.suptitle(f"{title} (left out: {', '.join(hidden)})" if hidden else title)
    save(sheet, path)


def panel(axes: Axes, table: pd.DataFrame, ends: tuple[float, float]) -> Any:
    """Draw one heat map, with numbers; a cell whose runs failed is empty."""
    import numpy as np
    from matplotlib.patches import Rectangle

    cells = table.to_numpy(float)
    low, high = ends
    if low == high:
        low, high = low - 0.01, high + 0.01
    # For the colour-blind, and dark to light in grey print too.
    drawn = axes.imshow(cells, cmap="cividis", vmin=low, vmax=high, aspect="auto")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    best = np.nanmax(cells) if np.isfinite(cells).any() else None
    for row, column in np.ndindex(cells.shape):
        value = cells[row, column]
        axes.text(
            column,
            row,
            f"{100 * value:.0f}" if np.isfinite(value) else "failed",
            ha="center",
            va="center",
            fontsize=8 if np.isfinite(value) else 6.5,
            color="white" if np.isfinite(value) and value < (low + high) / 2 else "black",
        )
        if value == best:
            axes.add_patch(Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, ec=WRONG, lw=2))
    axes.set_yticks(range(len(table)), [named(str(one), 26) for one in table.index], fontsize=8)
    slanted: Any = {"rotation": 40, "ha": "right"} if max(len(str(c)) for c in table.columns) > 7 else {}
    axes.set_xticks(range(len(table.columns)), [named(str(one), 26) for one in table.columns], **slanted)
    axes.tick_params("x", labelsize=8)
    axes.tick_params(length=0)
    return drawn


def values(rows: pd.DataFrame, name: str) -> list[Any]:
    """Return the values of a column: numbers as they rise, names in the study's order."""
    found = list(dict.fromkeys(rows[name]))
    return sorted(found) if all(isinstance(one, (int, float)) for one in found) else found


def worded(name: str) -> str:
    """Return a column's name in words."""
    return name.replace("_", " ")
