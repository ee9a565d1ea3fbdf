"""The figures of one run: what each is called, how it is read, and what draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ablation.results.figures import canvas, classes, confusion, curves, mistakes, samples
from ablation.results.figures.evaluated import Evaluated
from ablation.running.plugins import Table


@dataclass(frozen=True)
class RunFigure:
    """A figure of a run."""

    title: str
    caption: str
    """How to read it, in one to three sentences."""
    draw: Callable[[Evaluated, Path], None]
    photos: bool = False
    """Whether it shows photos, and so is no SVG."""

    def files(self, name: str) -> list[str]:
        """Return the names of its files, in the run's folder."""
        return canvas.files(name, photos=self.photos)


RUN_FIGURES: Mapping[str, RunFigure] = Table(
    "RUN_FIGURES",
    {
        "curves": RunFigure(
            "Training curves",
            "Loss and accuracy of training and validation photos over the epochs. The ring marks the epoch "
            "with the lowest validation loss, whose weights are kept; lines that part are overfitting.",
            curves.draw,
        ),
        "samples": RunFigure(
            "Sample predictions",
            "Validation photos, evenly chosen. In green what is right, else the photo's class and what it is "
            "taken for; in brackets how confidently.",
            samples.draw,
            photos=True,
        ),
        "confusion": RunFigure(
            "Confusion matrix",
            "Each row is a class, each column what its validation photos are taken for: blue on the "
            "diagonal is right, vermilion wrong, the darker the more photos. Classes that are confused "
            "stand beside each other, and the pairs that are confused most are listed.",
            confusion.draw,
        ),
        "classes": RunFigure(
            "Accuracy per class",
            "The share of each class's validation photos that are right, with its 95% interval (Wilson), "
            "the worst class first. Few photos make a wide interval: classes whose intervals overlap may "
            "not differ.",
            classes.draw,
        ),
        "mistakes": RunFigure(
            "Most confident mistakes",
            "The validation photos that the network is wrong of with the highest probability: their class, "
            "what they are taken for, in brackets how confidently. A photo here may be labelled wrongly.",
            mistakes.draw,
            photos=True,
        ),
    },
)
