"""What accuracy costs: against parameters, training time and energy, with the experiments that none beats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.results.figures import fonts
from ablation.results.figures.canvas import FAINT, QUIET, VALIDATION, WRONG, canvas, named, save, styled
from ablation.results.figures.given import Given

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes

    from ablation.results.figures.study import StudyFigure

    Numbers = np.ndarray[Any, np.dtype[np.float64]]

# Names of the frontier that have room under a panel.
MOST_NAMES = 8
# Where an axis may be marked, coarser scales first.
POWERS = [10.0**power for power in range(-3, 16)]
DIGITS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8))
SCALES = tuple([one * digit for one in POWERS for digit in digits] for digits in DIGITS)
TIMES = (
    [0.1, 1, 10, 60, 600, 3600, 36000, 86400, 864000],
    [0.1, 1, 10, 30, 60, 300, 600, 1800, 3600, 18000, 43200, 86400, 432000, 864000],
    [
        0.1,
        0.2,
        0.5,
        1,
        2,
        5,
        10,
        20,
        30,
        60,
        120,
        300,
        600,
        1200,
        1800,
        3600,
        7200,
        18000,
        36000,
        86400,
        172800,
    ],
)


@dataclass(frozen=True)
class Cost:
    """A cost of each experiment, NaN where it is not known: in words, its values, how one is told."""

    words: str
    values: Numbers
    told: Callable[[float], str]
    scales: Sequence[Sequence[float]] = SCALES


@styled
def draw(given: Given, figure: StudyFigure, path: Path) -> None:
    """Draw a panel a cost, and below it the names of its frontier."""
    rows = given.rows
    rows = rows[rows["shown"].notna()]
    fonts.use(rows["label"])
    costs = (
        Cost("trainable parameters", rows["parameters"].to_numpy(float), number),
        Cost("training time of a run", rows["train_seconds"].to_numpy(float), duration, TIMES),
        energy(rows),
    )
    below = [names(cost.values, rows) for cost in costs]
    height = 0.165 * (max(map(len, below)) + 1.5)
    sheet, panels = canvas(11, 3.9 + height, 2, 3, height_ratios=(3.4, height))
    for cost, lines, upper, lower in zip(costs, below, *panels, strict=True):
        panel(upper, rows, cost)
        lower.axis("off")
        write: Any = {"transform": lower.transAxes, "va": "top", "fontsize": 8}
        if lines:
            lower.text(0, 1, "no other is as accurate for less:", color=WRONG, **write)
            lower.text(0, 1 - 0.24 / height, "\n".join(lines), linespacing=1.35, **write)
    panels[0][0].set_ylabel(f"accuracy on {given.photos}", fontsize=9)
    sheet.suptitle(figure.title)
    save(sheet, path)


def panel(axes: Axes, rows: pd.DataFrame, cost: Cost) -> None:
    """Draw accuracy against one cost, with its frontier."""
    import numpy as np
    from matplotlib.ticker import FuncFormatter

    accuracy, values = rows["shown"].to_numpy(float), cost.values
    known = np.isfinite(values)
    axes.set(ylim=(-0.03, 1.03), xlabel=cost.words)
    if not known.any():
        axes.set(xticks=[])
        axes.text(0.5, 0.5, "not known of any experiment", transform=axes.transAxes, ha="center", color=QUIET)
        return
    low, high = (rows[f"accuracy_{end}"].to_numpy(float) for end in ("low", "high"))
    axes.vlines(values[known], low[known], high[known], color=FAINT, lw=1.2, zorder=1)
    dots: Any = {"clip_on": False, "zorder": 3}
    axes.plot(values[known], accuracy[known], "o", color=VALIDATION, ms=5, alpha=0.6, **dots)
    best = frontier(values, accuracy)
    axes.step(values[best], accuracy[best], where="post", color=WRONG, lw=1.4, zorder=2)
    axes.plot(values[best], accuracy[best], "D", color=WRONG, ms=6, **dots)
    least, most = values[known].min(), values[known].max()
    room = max((most / least) ** 0.08, 1.3)
    axes.set_xscale("log")
    axes.set_xlim(least / room, most * room)
    axes.minorticks_off()
    axes.set_xticks(marks(least / room, most * room, cost.scales))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: cost.told(value)))


def names(cost: Numbers, rows: pd.DataFrame) -> list[str]:
    """Return the lines below a panel: its frontier, the dearest first, and of how many it is not known."""
    import numpy as np

    if not np.isfinite(cost).any():
        return []
    best = frontier(cost, rows["shown"].to_numpy(float))
    listed = [rows.iloc[k] for k in reversed(best[-MOST_NAMES:])]
    lines = [f"{one['shown']:.1%}  {named(one['label'], 36)}" for one in listed]
    if len(best) > MOST_NAMES:
        lines.append(f"and {len(best) - MOST_NAMES} that cost less")
    if unknown := int(np.isnan(cost).sum()):
        lines.append(f"not known of {unknown} of {len(cost)} experiments")
    return lines


def frontier(cost: Numbers, accuracy: Numbers) -> list[int]:
    """Return the experiments that no other beats, by rising cost: Pareto's frontier.

    One beats another if it costs no more and is no less accurate, and is better in one of the two. Of equal
    ones all are on it; one whose cost or accuracy is not known is not.
    """
    import numpy as np

    known = np.flatnonzero(np.isfinite(cost) & np.isfinite(accuracy))
    found: list[int] = []
    for k in known[np.lexsort((-accuracy[known], cost[known]))].tolist():
        last = found[-1] if found else None
        if (
            last is None
            or accuracy[k] > accuracy[last]
            or (cost[k], accuracy[k]) == (cost[last], accuracy[last])
        ):
            found.append(k)
    return found


def energy(rows: pd.DataFrame) -> Cost:
    """Return the energy of each experiment, of what is counted.

    Only like is compared with like: if one experiment has its GPU's energy alone and another its processor's
    too, it is known of the second.
    """
    import numpy as np

    parts = {"processor and memory": rows["host_joules"], "GPU": rows["device_joules"]}
    there = {name: part.to_numpy(float) for name, part in parts.items() if part.notna().any()}
    if not there:
        return Cost("energy of a run", np.full(len(rows), np.nan), joules)
    total: Numbers = np.sum(list(there.values()), axis=0)
    # Of nothing there is no logarithm: a counter that did not move was not read.
    return Cost(f"energy of a run ({' and '.join(there)})", np.where(total > 0, total, np.nan), joules)


def marks(low: float, high: float, scales: Sequence[Sequence[float]]) -> list[float]:
    """Return where an axis is marked: two to five round values, as far as there are any between its ends."""
    for scale in scales:
        found = [one for one in scale if low <= one <= high]
        if len(found) >= 2:
            return found[:: -(-len(found) // 5)]
    return found or [(low * high) ** 0.5]


def number(parameters: float) -> str:
    """Return a number for people."""
    return scaled(parameters, ((1e9, " G"), (1e6, " M"), (1e3, " k")), "")


def duration(seconds: float) -> str:
    """Return a time for people."""
    return scaled(seconds, ((86400, " d"), (3600, " h"), (60, " min")), " s")


def joules(energy: float) -> str:
    """Return an energy for people."""
    return scaled(energy, ((1e9, " GJ"), (1e6, " MJ"), (1e3, " kJ")), " J")


def scaled(value: float, units: Sequence[tuple[float, str]], smallest: str) -> str:
    """Return a value in the largest unit of which it is one or more."""
    size, unit = next(((size, unit) for size, unit in units if value >= size), (1.0, smallest))
    return f"{value / size:.3g}{unit}"
