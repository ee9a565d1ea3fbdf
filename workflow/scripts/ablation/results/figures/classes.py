"""Accuracy per class, with its interval, the worst class first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ablation.results.figures import fonts
from ablation.results.figures.canvas import QUIET, VALIDATION, canvas, named, save, styled
from ablation.results.figures.evaluated import Evaluated, Guess
from ablation.results.statistics.wilson import wilson_interval

MOST = 40


@dataclass(frozen=True)
class Class:
    """A class: of how many of its validation photos the network is right."""

    name: str
    hits: int
    photos: int

    @property
    def accuracy(self) -> float:
        """Their share, 0 to 1."""
        return self.hits / self.photos


@styled
def draw(of: Evaluated, path: Path) -> None:
    """Draw a row a class, and beside it how many photos that is."""
    every = worst_first(of.guesses, of.index.categories)
    shown = every[:MOST]
    fonts.use(one.name for one in shown)
    figure, axes = canvas(8, 0.23 * len(shown) + 1.5)
    places = range(len(shown) - 1, -1, -1)
    for one, place in zip(shown, places, strict=True):
        axes.plot(wilson_interval(one.hits, one.photos), [place] * 2, color=VALIDATION, lw=1.4)
        # Whole also at 0 and 1.
        axes.plot(one.accuracy, place, "o", color=VALIDATION, ms=6, clip_on=False, zorder=3)
        axes.annotate(
            f"{one.hits} of {one.photos}",
            (1.02, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
            color=QUIET,
        )
    hits, photos = sum(one.hits for one in every), sum(one.photos for one in every)
    axes.axvline(hits / photos, color=QUIET, ls=":", lw=1.2, label=f"all photos ({hits} of {photos})")
    axes.plot([], [], "-o", color=VALIDATION, ms=6, lw=1.4, label="a class, with its 95% interval")
    axes.set_yticks(list(places), [named(one.name, 40) for one in shown], fontsize=8)
    axes.set(
        xlim=(0, 1), ylim=(-0.7, len(shown) - 0.3), xlabel=left_out(len(every), len(of.index.categories))
    )
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.suptitle(f"{of.name}: share of a class's validation photos that are right")
    save(figure, path)


def worst_first(guesses: Iterable[Guess], categories: Iterable[str]) -> list[Class]:
    """Return the classes that have validation photos, the least accurate first; of ties the one with more.

    Of those that tie in that too, the first by label.
    """
    guesses = list(guesses)
    photos, hits = Counter(one.true for one in guesses), Counter(one.true for one in guesses if one.right)
    every = [Class(name, hits[name], photos[name]) for name in categories if photos[name]]
    return sorted(every, key=lambda one: (one.accuracy, -one.photos))


def left_out(there: int, classes: int) -> str:
    """Return what is said below: which classes are not shown."""
    told = "accuracy (recall)"
    if there > MOST:
        told += f"; the {MOST} worst of {there} classes, {there - MOST} better ones left out"
    if classes > there:
        told += f"; {classes - there} of {classes} classes have no validation photo"
    return told
