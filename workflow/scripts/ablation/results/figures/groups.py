"""Experiments side by side: accuracy with its interval beside that on photos that train."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.results.figures import fonts
from ablation.results.figures.canvas import FAINT, QUIET, TRAIN, VALIDATION, canvas, named, save, styled
from ablation.results.figures.given import MOST_ROWS, Given, counted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ablation.results.figures.study import StudyFigure

# In which the groups of a figure may differ from each other, in words of summary.csv.
_TOLD = (
    *("backbone", "architecture", "augmentation", "optimizer", "learning_rate", "weights"),
    *("image_size", "batch_size"),
)


@styled
def draw(given: Given, figure: StudyFigure, path: Path) -> None:
    """Draw the groups of experiments that differ in what the figure varies, or all of a study."""
    title, names = figure.title, list(given.summary["experiment"])
    groups = [names] if figure.varies is None else alike(given.families, figure.varies, names)
    every = [name for group in groups for name in group]
    rows = given.rows
    if len(every) > MOST_ROWS:
        title += f": the {MOST_ROWS} most accurate of {len(every):,}"
        best = set(rows.loc[list(dict.fromkeys(every)), "shown"].nlargest(MOST_ROWS).index)
        groups = [[name for name in group if name in best][:MOST_ROWS] for group in groups]
        groups = [group for group in groups if group]
    headings = told_apart(rows, groups) if len(groups) > 1 else []
    fonts.use([*rows["label"], *headings])
    lines = sum(map(len, groups)) + len(headings)
    canvas_, axes = canvas(8, 0.42 * lines + 1.9)
    place, ticks = float(lines - 1), dict[float, str]()
    for number, group in enumerate(groups):
        if headings:
            axes.annotate(
                named(headings[number], 90),
                (0, place),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=9,
                fontweight="bold",
            )
            place -= 1
        for name in group:
            row(axes, rows.loc[name], place)
            ticks[place] = named(rows.loc[name, "label"], 48)
            place -= 1
    finish(axes, given, rows.loc[[name for group in groups for name in group]], lines)
    axes.set_yticks(list(ticks), list(ticks.values()))
    canvas_.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    canvas_.suptitle(f"{title} (right: trainable parameters)")
    save(canvas_, path)


def alike(families: str, varies: str, names: Sequence[str]) -> list[list[str]]:
    """Return the families which differ in this alone, of experiments that are in the table."""
    found = [
        [name for name in experiments if name in set(names)]
        for its, experiments, _ in json.loads(families)
        if its == varies
    ]
    return [group for group in found if group]


def row(axes: Axes, one: pd.Series, place: float) -> None:
    """Draw one experiment: training accuracy, accuracy with its interval, parameters."""
    # Whole also at 0 and 1.
    dots: Any = {"ms": 8, "clip_on": False}
    axes.plot([one["train_accuracy"], one["shown"]], [place] * 2, color=FAINT, lw=3, zorder=1)
    axes.plot([one["accuracy_low"], one["accuracy_high"]], [place] * 2, color=VALIDATION, lw=1.4, zorder=2)
    axes.plot(one["train_accuracy"], place, "o", color=TRAIN, zorder=3, **dots)
    inside = "white" if one["could_be_best"] == "no" else VALIDATION
    axes.plot(one["shown"], place, "o", color=VALIDATION, markerfacecolor=inside, mew=1.6, zorder=4, **dots)
    axes.annotate(
        counted(one["parameters"]),
        (1.02, place),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8,
        color=QUIET,
    )


def finish(axes: Axes, given: Given, rows: pd.DataFrame, lines: int) -> None:
    """Draw what a figure has once: axis, floor, legend."""
    first = rows.iloc[0]
    floor = first["commonest_accuracy"]
    if floor == floor:
        axes.axvline(floor, color=QUIET, ls=":")
        axes.annotate(
            "always the commonest class",
            (floor, 1),
            xycoords=("data", "axes fraction"),
            fontsize=8,
            color=QUIET,
            ha="left" if floor < 0.2 else "center",
        )
    axes.set(xlim=(0, 1), xlabel=f"accuracy on {given.photos}", ylim=(-0.6, lines - 0.4))
    seeds = int(rows["seeds"].max())
    runs = f"{seeds} run{'s' if seeds > 1 else ''} each"
    axes.plot([], [], "o", color=VALIDATION, ms=8, label=f"may be the best, with its 95% interval ({runs})")
    axes.plot([], [], "o", color=TRAIN, ms=8, label="on photos that train")
    white: Any = {"markerfacecolor": "white", "mew": 1.6}
    axes.plot([], [], "o", color=VALIDATION, ms=8, label="is not the best", **white)


def told_apart(rows: pd.DataFrame, groups: Sequence[Sequence[str]]) -> list[str]:
    """Return for each group in what it differs from the others: what all in it have, and not all groups."""
    shared = [
        {name: values[0] for name in _TOLD if len(values := rows.loc[list(group), name].unique()) == 1}
        for group in groups
    ]
    apart = [name for name in _TOLD if len({str(one.get(name)) for one in shared}) > 1]
    return [", ".join(worded(name, one[name]) for name in apart if name in one) for one in shared]


def worded(name: str, value: object) -> str:
    """Return a value in words that tell what it is of."""
    if name == "image_size":
        return f"{value} px"
    return f"{name.replace('_', ' ')} {value}" if name in ("learning_rate", "batch_size") else str(value)
