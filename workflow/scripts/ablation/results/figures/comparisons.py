"""Comparisons as a forest: differences in accuracy with intervals, and p corrected for their number."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ablation.results.figures import fonts
from ablation.results.figures.canvas import QUIET, RIGHT, WRONG, canvas, named, save, styled
from ablation.results.figures.given import MOST_ROWS, Given

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ablation.results.figures.study import StudyFigure

# What p has to be below.
LEVEL = 0.05
_VARY = {
    "augmentation": "augmentation",
    "architecture": "edit of the network",
    "backbone": "network",
    "experiment": "in more than one thing",
    "named": "with the reference of the configuration",
}


@styled
def draw(given: Given, figure: StudyFigure, path: Path) -> None:
    """Draw a row a comparison, under a heading for what the two differ in."""
    assert given.comparisons is not None
    table, title = given.comparisons, figure.title
    if len(table) > MOST_ROWS:
        title += f": those of the {MOST_ROWS} smallest p of {len(table):,}"
        table = table.loc[table["p_holm"].sort_values(kind="stable").index[:MOST_ROWS].sort_values()]
    labels = given.summary.set_index("experiment")["label"].to_dict()
    fonts.use(labels.values())
    kinds = list(dict.fromkeys(table["varies"]))
    lines = len(table) + len(kinds)
    sheet, axes = canvas(10, 0.36 * lines + 1.7)
    place, ticks = lines - 1, dict[float, str]()
    reach = max(table[["low", "high"]].abs().to_numpy().max(initial=0.05) * 1.05, 0.05)
    for kind in kinds:
        axes.annotate(_VARY.get(kind, kind), (0, place), xycoords=("axes fraction", "data"), va="center")
        axes.texts[-1].set(fontsize=9, fontweight="bold", x=0.01)
        place -= 1
        for _, one in table[table["varies"] == kind].iterrows():
            row(axes, one, place)
            first, second = (
                named(str(labels.get(one[end], one[end])), 30) for end in ("experiment", "reference")
            )
            ticks[place] = f"{first}  vs  {second}"
            place -= 1
    axes.axvline(0, color=QUIET, lw=1)
    axes.set(xlim=(-reach, reach), ylim=(-0.7, max(lines, 1) - 0.3))
    axes.set_yticks(list(ticks), list(ticks.values()), fontsize=8)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:+.0f}" if value else "0")
    axes.set_xlabel("the first less the second, in percentage points, with its 95% interval")
    for words, colour, inside in (
        ("the first is more accurate", RIGHT, RIGHT),
        ("the second is", WRONG, WRONG),
        (f"cannot be told (p not below {LEVEL})", "0.5", "white"),
    ):
        axes.plot([], [], "-o", color=colour, mfc=inside, mew=1.6, ms=6, lw=1.6, label=words)
    sheet.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    title = f"{title}, by {given.photos} (right: difference and p)"
    sheet.suptitle(title if lines else f"{figure.title}: there is nothing to compare")
    save(sheet, path)


def row(axes: Axes, one: pd.Series, place: float) -> None:
    """Draw one comparison."""
    told = one["p_holm"] < LEVEL
    colour = (RIGHT if one["difference"] > 0 else WRONG) if told else "0.5"
    axes.plot([one["low"], one["high"]], [place] * 2, color=colour, lw=1.6)
    # Filled where it is told, so that grey print says it too.
    inside = colour if told else "white"
    axes.plot(one["difference"], place, "o", color=colour, mfc=inside, mew=1.6, ms=6.5, zorder=3)
    axes.annotate(
        f"{100 * one['difference']:+.1f}   p {worded(one['p_holm'])}",
        (1.02, place),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8,
        color=QUIET,
    )


def worded(p: float) -> str:
    """Return a p for people."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
