"""What photos of each class are taken for, as a matrix that is readable with hundreds of classes too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.results.figures import fonts
from ablation.results.figures.canvas import VALIDATION, WRONG, named, paper, save, styled
from ablation.results.figures.evaluated import Evaluated, Guess

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes

    Counts = np.ndarray[Any, np.dtype[np.int64]]

# Up to so many classes, cells have room for numbers; up to so many, rows for names.
NUMBERED, NAMED = 20, 45
MOST_PAIRS = 15
# The least of a colour by which one photo is seen, of the most; and the least side of its square, in points.
FAINTEST, SMALLEST = 0.4, 1.6
# Inches of a pair in the list.
LINE = 0.38


@dataclass(frozen=True)
class Pair:
    """So many photos of a class that are taken for another one, of all its photos."""

    true: str
    predicted: str
    count: int
    photos: int


@styled
def draw(of: Evaluated, path: Path) -> None:
    """Draw the matrix, and beside it the pairs that are confused most."""
    names = of.index.categories
    counts = matrix(of.guesses, names)
    order = neighbours(counts)
    pairs = most_confused(counts, names)
    few = len(names) <= NAMED
    fonts.use([*(names if few else []), *(name for one in pairs for name in (one.true, one.predicted))])
    height = max(min(2.5 + 0.3 * len(names), 6.6), LINE * len(pairs) + 0.7)
    figure = paper(height + 4.4, height)
    # Apart, so that long names under the matrix leave the list its height.
    halves: Any = figure.subfigures(1, 2, width_ratios=(height, 4.4))
    left, right = halves
    cells(left.subplots(), counts[order][:, order], [names[k] for k in order])
    listed(right.subplots(), pairs)
    hits, photos = int(counts.trace()), int(counts.sum())
    figure.suptitle(f"{of.name}: {photos - hits} of {photos} validation photos taken for another class")
    save(figure, path)


def cells(axes: Axes, counts: Counts, names: Sequence[str]) -> None:
    """Draw the matrix: blue what is right, vermilion what is not, the darker the more photos."""
    import numpy as np
    from matplotlib.collections import PolyCollection

    number = len(names)
    axes.set(xlim=(-0.5, number - 0.5), ylim=(number - 0.5, -0.5), aspect="equal")
    axes.grid(visible=False)
    if number > NUMBERED:
        axes.plot([-0.5, number - 0.5], [-0.5, number - 0.5], color=VALIDATION, lw=0.4, alpha=0.4)
    # About 380 points are a side: of a thousand classes a cell would be a third of a point.
    side = max(0.92, SMALLEST * number / 380)
    right = np.eye(number, dtype=bool)
    for there, colour in ((~right, WRONG), (right, VALIDATION)):
        rows, columns = np.nonzero(counts * there)
        found = counts[rows, columns]
        shades = shaded(found, int((counts * there).max(initial=1)), colour)
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * side / 2
        squares = np.stack([columns, rows], axis=1)[:, None] + corners
        axes.add_collection(
            PolyCollection(list(squares), facecolors=shades, lw=0, rasterized=len(found) > 3000)
        )
        for row, column, count, shade in zip(rows, columns, found, shades, strict=True):
            if number <= NUMBERED:
                axes.annotate(
                    f"{count}",
                    (column, row),
                    ha="center",
                    va="center",
                    fontsize=9 if number <= 12 else 7,
                    color="white" if shade @ (0.299, 0.587, 0.114) < 0.6 else "black",
                )
    axes.set(xlabel="taken for", ylabel="class")
    if number <= NAMED:
        size = 8 if number <= 25 else 6.5
        axes.set_xticks(range(number), [named(name, 20) for name in names], rotation=90, fontsize=size)
        axes.set_yticks(range(number), [named(name, 20) for name in names], fontsize=size)
    else:
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(f"taken for ({number} classes, those that are confused beside each other)")
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color("0.7")


def shaded(counts: Counts, most: int, colour: str) -> Any:
    """Return for each count its colour, float n x 3: of one photo it can be seen, of the most it is full."""
    import numpy as np
    from matplotlib.colors import to_rgb

    part = np.log1p(counts - 1) / max(np.log1p(most - 1), 1e-9)
    strength = (FAINTEST + (1 - FAINTEST) * (part if most > 1 else np.ones(len(counts))))[:, None]
    return 1 - strength * (1 - np.array(to_rgb(colour)))


def listed(axes: Axes, pairs: Sequence[Pair]) -> None:
    """List the most confused pairs."""
    axes.axis("off")
    title = "most confused, of so many photos of the class" if pairs else "no class is taken for another"
    axes.set_title(title, loc="left")
    for place, one in enumerate(pairs):
        top = 1 - (place + 0.5) / max(len(pairs), 5)
        for left, words, colour in (
            (0.0, f"{one.count} of {one.photos}", WRONG),
            (0.24, f"{named(one.true, 30)}\n→ {named(one.predicted, 30)}", "black"),
        ):
            axes.text(left, top, words, transform=axes.transAxes, color=colour, fontsize=9, va="center")


def matrix(guesses: Iterable[Guess], names: Sequence[str]) -> Counts:
    """Return how many photos of each class (rows) are taken for each (columns), int64 C x C."""
    import numpy as np

    labels = {name: k for k, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    places = [(labels[one.true], labels[one.predicted]) for one in guesses]
    np.add.at(counts, tuple(np.array(places, dtype=np.int64).reshape(-1, 2).T), 1)
    return counts


def most_confused(counts: Counts, names: Sequence[str]) -> list[Pair]:
    """Return the pairs of classes of which most photos are confused, one way.

    Of ties the pair whose class has fewer photos, then the first by labels.
    """
    import numpy as np

    photos = counts.sum(1)
    found = [
        Pair(names[row], names[column], int(counts[row, column]), int(photos[row]))
        for row, column in zip(*np.nonzero(counts), strict=True)
        if row != column
    ]
    return sorted(found, key=lambda one: (-one.count, one.photos))[:MOST_PAIRS]


def neighbours(counts: Counts) -> list[int]:
    """Return an order of the classes in which those that are confused most stand beside each other.

    Pairs are joined, the most confused first, wherever both classes are still an end of their chain: the
    greedy way to a short tour. Chains of classes that nobody confuses stay in the order of their labels.
    """
    import numpy as np

    both = np.triu(counts + counts.T, k=1)
    rows, columns = np.nonzero(both)
    order = np.lexsort((columns, rows, -both[rows, columns]))
    chains = {k: [k] for k in range(len(counts))}
    for one, other in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        first, second = chains[one], chains[other]
        if first is second or one not in (first[0], first[-1]) or other not in (second[0], second[-1]):
            continue
        first = first if first[-1] == one else first[::-1]
        second = second if second[0] == other else second[::-1]
        joined = [*first, *second]
        chains |= dict.fromkeys(joined, joined)
    whole = {id(chain): chain for chain in chains.values()}
    tidy = (chain if chain[0] <= chain[-1] else chain[::-1] for chain in whole.values())
    return [k for chain in sorted(tidy, key=min) for k in chain]
