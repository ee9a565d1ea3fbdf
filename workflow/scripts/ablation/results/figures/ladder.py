"""Ladders of augmentations as slopes: what each rung does to accuracy on photos that train and others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.results.figures import fonts
from ablation.results.figures.canvas import TRAIN, VALIDATION, canvas, named, save, styled
from ablation.results.figures.given import Given
from ablation.results.figures.groups import alike, told_apart
from ablation.results.statistics.wilson import Z95, score_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ablation.results.figures.study import StudyFigure

# Ladders side by side, and rungs of one, that have room.
MOST_LADDERS, MOST_RUNGS = 9, 12
ACROSS = 3


@styled
def draw(given: Given, figure: StudyFigure, path: Path) -> None:
    """Draw a panel a ladder, the rungs from left to right in the study's order."""
    rows = given.rows
    ladders = [group for group in alike(given.families, "augmentation", list(rows.index)) if len(group) > 1]
    title, headings = figure.title, told_apart(rows, ladders) if len(ladders) > 1 else [""]
    if len(ladders) > MOST_LADDERS:
        title += f": the {MOST_LADDERS} most accurate of {len(ladders)}"
        best = sorted(range(len(ladders)), key=lambda k: -rows.loc[ladders[k], "shown"].max())[:MOST_LADDERS]
        ladders, headings = [ladders[k] for k in sorted(best)], [headings[k] for k in sorted(best)]
    fonts.use([*rows["augmentation"], *headings])
    across = min(len(ladders), ACROSS) or 1
    down = -(-len(ladders) // across) or 1
    widest = max((min(len(one), MOST_RUNGS) for one in ladders), default=2)
    width = max(across * (1.6 + (0.75 if across == 1 else 0.45) * widest), 6)
    sheet, panels = canvas(width, 3.1 * down + 1.4, down, across, sharey=True, squeeze=False)
    for axes in panels.flat[len(ladders) :]:
        axes.axis("off")
    for axes, group, heading in zip(panels.flat, ladders, headings, strict=False):
        rungs(axes, rows.loc[group[:MOST_RUNGS]], given.photos)
        left_out = len(group) - MOST_RUNGS
        more = f" ({left_out} rungs more)" if left_out > 0 else ""
        axes.set_title(named(heading, 40) + more, fontsize=9)
    panels[0][0].set(ylim=(-0.02, 1.02))
    for row in panels:
        row[0].set_ylabel("accuracy")
    if ladders:
        sheet.legend(*panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    sheet.suptitle(title if ladders else f"{title}: no ladder has two rungs that were trained")
    save(sheet, path)


def rungs(axes: Axes, rows: pd.DataFrame, photos: str) -> None:
    """Draw one ladder."""
    places = range(len(rows))
    dots: Any = {"ms": 7, "clip_on": False, "zorder": 3}
    axes.plot(places, rows["train_accuracy"], "--s", color=TRAIN, label="on photos that train", **dots)
    # Of their number alone: photos that train say nothing of others.
    low, high = score_interval(rows["train_accuracy"], rows["train_photos"], Z95)
    # Beside the other, which it would hide.
    beside = [place - 0.07 for place in places]
    axes.vlines(beside, low.clip(0, 1), high.clip(0, 1), color=TRAIN, lw=1.4)
    axes.plot(
        places, rows["shown"], "-o", color=VALIDATION, label=f"on {photos} (upright: 95% intervals)", **dots
    )
    axes.vlines(places, rows["accuracy_low"], rows["accuracy_high"], color=VALIDATION, lw=1.4)
    for place, side in ((0, "right"), (len(rows) - 1, "left")):
        train, shown = rows["train_accuracy"].iloc[place], rows["shown"].iloc[place]
        if shown != shown:  # its runs failed
            continue
        # Beside the line's end; apart from each other where they would be in one place.
        apart = 5 if abs(train - shown) < 0.06 else 0
        for value, up, colour in ((train, train >= shown, TRAIN), (shown, train < shown, VALIDATION)):
            axes.annotate(
                f"{value:.0%}",
                (place, value),
                xytext=(-7 if side == "right" else 7, apart if up else -apart),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=8,
                color=colour,
                annotation_clip=False,
            )
    axes.set_xticks(places, [named(name, 24) for name in rows["augmentation"]], rotation=40, ha="right")
    axes.tick_params("x", labelsize=8)
    margin = 0.5 if len(rows) < 5 else 0.1 * len(rows)
    axes.set_xlim(-margin, len(rows) - 1 + margin)
