"""The figures that compare the experiments of a study, and which of them a study has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ablation.results.figures import canvas

if TYPE_CHECKING:
    from ablation.results.figures.given import Given


@dataclass(frozen=True)
class StudyFigure:
    """A figure of a study.

    The module that draws it is named, and not imported: so its code counts for this figure alone
    (running/code.py), and the Snakefile, which reads the table at every start, does not read it.
    """

    title: str
    caption: str
    """How to read it, in one to three sentences."""
    module: str
    """The one of this package whose `draw` draws it, given what `Given` holds, the title and a path."""
    varies: str | None = None
    """What must vary in the study, as `Study.varied` calls it; None: nothing in particular."""
    least: int = 2
    """How many experiments it takes."""
    reads: tuple[str, ...] = ()
    """What it reads beside summary.csv: `comparisons`, `suspects`."""
    photos: bool = False
    """Whether it shows photos, and so is no SVG."""

    @property
    def path(self) -> str:
        """The module's file, as running/code.py names it."""
        return f"ablation/results/figures/{self.module}.py"

    def files(self, name: str) -> list[str]:
        """Return the names of its files, in the study's folder."""
        return canvas.files(name, photos=self.photos)

    def draw(self, given: Given, path: Path) -> None:
        """Draw it."""
        import_module(f"ablation.results.figures.{self.module}").draw(given, self, path)


_ROWS = (
    "Each row is an experiment: the blue dot is its accuracy with its 95% interval, the orange one that on "
    "the photos that train; a long grey bar between them is overfitting. Filled are those that cannot be "
    "told from the best."
)
_ONE_THING = _ROWS + " Within a group nothing but the {} differs."

STUDY_FIGURES: dict[str, StudyFigure] = {
    "augmentations": StudyFigure(
        "Augmentations", _ONE_THING.format("augmentation"), "groups", "augmentation"
    ),
    "architectures": StudyFigure(
        "Architecture edits", _ONE_THING.format("edit of the network"), "groups", "architecture"
    ),
    "backbones": StudyFigure("Backbones", _ONE_THING.format("network"), "groups", "backbone"),
    "experiments": StudyFigure("All experiments", _ROWS, "groups"),
}


def applicable(varied: Iterable[str], experiments: int) -> list[str]:
    """Return the names of the figures of a study: of what it varies in, and of all, if there are several."""
    found = set(varied)
    return [
        name
        for name, figure in STUDY_FIGURES.items()
        if experiments >= figure.least and (figure.varies is None or figure.varies in found)
    ]
