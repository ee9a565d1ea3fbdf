"""The figures that compare the experiments of a study, and which of them a study has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.results.figures import fonts
from ablation.results.figures.canvas import TRAIN, VALIDATION, canvas, save, short, tidy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


# A picture of more would be longer than matplotlib draws and than anyone reads.
MOST_ROWS = 60
# In which the groups of a figure may differ from each other, in words of summary.csv.
_TOLD = (
    *("backbone", "architecture", "augmentation", "optimizer", "learning_rate", "weights"),
    *("image_size", "batch_size"),
)
_ON = {"test": "of the test set", "validation": "that validated", "folds": "each validated once"}


@dataclass(frozen=True)
class StudyFigure:
    """A figure of the groups of experiments which differ in one thing alone, or of all of a study."""

    title: str
    varies: str | None
    """As study/families.py calls it; None: whatever it is, so that no experiment is in no picture."""

    def draw(self, summary: pd.DataFrame, families: str, path: Path) -> None:
        """Draw the figure from the table of experiments and the study's families, as JSON."""
        names = list(summary["experiment"])
        groups = [names] if self.varies is None else self.groups(families, names)
        title, every = self.title, [name for group in groups for name in group]
        rows = summary.set_index("experiment")
        # Without the labels of photos there are no intervals.
        rows["shown"] = rows["accuracy"].fillna(rows["val_accuracy"])
        if len(every) > MOST_ROWS:
            title += f": the {MOST_ROWS} most accurate of {len(every):,}"
            best = set(rows.loc[list(dict.fromkeys(every)), "shown"].nlargest(MOST_ROWS).index)
            groups = [[name for name in group if name in best][:MOST_ROWS] for group in groups]
            groups = [group for group in groups if group]
        headings = told_apart(rows, groups) if len(groups) > 1 else []
        fonts.use([*rows["label"], *headings])
        lines = sum(map(len, groups)) + len(headings)
        figure, axes = canvas(8, 0.42 * lines + 1.9)
        place, ticks = float(lines - 1), dict[float, str]()
        for number, group in enumerate(groups):
            if headings:
                axes.annotate(
                    short(headings[number], 90),
                    (0, place),
                    xycoords=("axes fraction", "data"),
                    va="center",
                    fontsize=9,
                    fontweight="bold",
                    parse_math=False,
                )
                place -= 1
            for name in group:
                row(axes, rows.loc[name], place)
                ticks[place] = short(rows.loc[name, "label"], 48)
                place -= 1
        finish(axes, rows.loc[[name for group in groups for name in group]], lines)
        axes.set_yticks(list(ticks), list(ticks.values()), parse_math=False)
        figure.legend(*axes.get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=2)
        figure.suptitle(f"{title} (right: trainable parameters)")
        save(figure, path)

    def groups(self, families: str, names: Sequence[str]) -> list[list[str]]:
        """Return the families of the figure, of experiments that are in the table."""
        found = [
            [name for name in experiments if name in set(names)]
            for varies, experiments, _ in json.loads(families)
            if varies == self.varies
        ]
        return [group for group in found if group]


def row(axes: Axes, one: pd.Series, place: float) -> None:
    """Draw one experiment: training accuracy, accuracy with its interval, parameters."""
    # Whole also at 0 and 1.
    dots: Any = {"ms": 8, "clip_on": False}
    axes.plot([one["train_accuracy"], one["shown"]], [place] * 2, color="0.85", lw=3, zorder=1)
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
        color="0.4",
    )


def finish(axes: Axes, rows: pd.DataFrame, lines: int) -> None:
    """Draw what a figure has once: axis, floor, legend."""
    first = rows.iloc[0]
    floor = first["commonest_accuracy"]
    if floor == floor:
        axes.axvline(floor, color="0.5", ls=":")
        axes.annotate(
            "always the commonest class",
            (floor, 1),
            xycoords=("data", "axes fraction"),
            fontsize=8,
            color="0.4",
            ha="left" if floor < 0.2 else "center",
        )
    photos = "validation photos"
    if first["photos"] == first["photos"]:
        photos = f"{int(first['photos']):,} photos {_ON[first['judged_on']]}"
    axes.set(xlim=(0, 1), xlabel=f"accuracy on {photos}", ylim=(-0.6, lines - 0.4))
    tidy(axes)
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


def counted(parameters: float) -> str:
    """Return a number of parameters for people, in millions or thousands."""
    return f"{parameters / 1e6:.1f} M" if parameters >= 1e5 else f"{parameters / 1e3:.1f} k"


STUDY_FIGURES: dict[str, StudyFigure] = {
    "augmentations": StudyFigure("Augmentations", "augmentation"),
    "architectures": StudyFigure("Architecture edits", "architecture"),
    "backbones": StudyFigure("Backbones", "backbone"),
    "experiments": StudyFigure("All experiments", None),
}


def applicable(varied: Iterable[str], experiments: int) -> list[str]:
    """Return the names of the figures of a study: of what its families vary in, and of all, if several."""
    found = set(varied)
    return [
        name
        for name, figure in STUDY_FIGURES.items()
        if figure.varies in found or (figure.varies is None and experiments > 1)
    ]
