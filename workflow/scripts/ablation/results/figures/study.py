"""The figures that compare the experiments of a study, and which of them a study has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ablation.results.figures import canvas
from ablation.running.plugins import Table

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
    module: str | Callable[[Given, StudyFigure, Path], None]
    """The one of this package whose `draw` draws it, given what `Given` holds, the figure and a path; in a
    plugin the function itself."""
    varies: str | None = None
    """What must vary in the study, as `Study.varied` calls it; None: nothing in particular."""
    least: int = 2
    """How many experiments it takes."""
    reads: tuple[str, ...] = ()
    """What it reads beside summary.csv: `comparisons`, `suspects`."""
    photos: bool = False
    """Whether it shows photos, and so is no SVG."""

    def __post_init__(self) -> None:
        if callable(self.module) and (self.photos or set(self.reads) - {"comparisons"}):
            raise ValueError("a plugin's figure of a study is a chart of its tables: no photos, no suspects")

    @property
    def path(self) -> str | None:
        """The module's file, as running/code.py names it; None of a plugin."""
        return None if callable(self.module) else f"ablation/results/figures/{self.module}.py"

    def files(self, name: str) -> list[str]:
        """Return the names of its files, in the study's folder."""
        return canvas.files(name, photos=self.photos)

    def draw(self, given: Given, path: Path) -> None:
        """Draw it."""
        draw = self.module
        if not callable(draw):
            draw = import_module(f"ablation.results.figures.{draw}").draw
        draw(given, self, path)


_ROWS = (
    "Each row is an experiment: the blue dot is its accuracy with its 95% interval, the orange one that on "
    "the photos that train; a long grey bar between them is overfitting. Filled are those that cannot be "
    "told from the best."
)
_ONE_THING = _ROWS + " Within a group nothing but the {} differs."

STUDY_FIGURES: Mapping[str, StudyFigure] = Table(
    "STUDY_FIGURES",
    {
        "augmentations": StudyFigure(
            "Augmentations", _ONE_THING.format("augmentation"), "groups", "augmentation"
        ),
        "architectures": StudyFigure(
            "Architecture edits", _ONE_THING.format("edit of the network"), "groups", "architecture"
        ),
        "backbones": StudyFigure("Backbones", _ONE_THING.format("network"), "groups", "backbone"),
        "experiments": StudyFigure("All experiments", _ROWS, "groups"),
        "ladder": StudyFigure(
            "The ladder of augmentations",
            "From left to right each rung adds to the one before it. Where the orange line comes down to the "
            "blue one, the rung takes overfitting away; where the blue one rises, it helps on photos that "
            "the network has not seen. Upright lines are 95% intervals, those of photos that train by how "
            "many these are.",
            "ladder",
            "augmentation",
        ),
        "costs": StudyFigure(
            "What accuracy costs",
            "Each dot is an experiment, on a logarithmic scale of what it costs; grey bars are 95% "
            "intervals. The line joins those that no other beats: none is as accurate for less. Energy is "
            "shown where the machine counts it.",
            "costs",
        ),
        "grid": StudyFigure(
            "Everything with everything",
            "Each cell is an experiment and its number the accuracy in percent, the best of a panel in a "
            "frame. A row or a column that is lighter throughout is better whatever it is combined with.",
            "grid",
            "grid",
        ),
        "comparisons": StudyFigure(
            "Comparisons",
            "Each row is the accuracy of one experiment less that of another, on the same photos, with its "
            "95% interval; p is corrected for all comparisons of its kind (Holm). Filled are differences "
            "that can be told from none; a hollow dot says that nobody knows, and not that the two are "
            "equal.",
            "comparisons",
            reads=("comparisons",),
        ),
        "suspects": StudyFigure(
            "Photos that may be labelled wrongly",
            "Photos that did not train and that the networks believe least to be what they are labelled: "
            "the label, what most runs that are wrong take the photo for and how confidently, and how many "
            "they are. Look at them: a wrong label is mended in the data, and the study run again.",
            "suspects",
            least=1,
            reads=("suspects",),
            photos=True,
        ),
        "rungs": StudyFigure(
            "Augmentations on the same photos",
            "Each row is what one augmentation makes of the same four training photos, by the very code that "
            "trains and one fixed seed. In training every photo is drawn anew in every epoch.",
            "rungs",
            "augmentation",
            photos=True,
        ),
    },
)


def applicable(varied: Iterable[str], experiments: int) -> list[str]:
    """Return the names of the figures of a study: of what it varies in, and of all, if there are several."""
    found = set(varied)
    return [
        name
        for name, figure in STUDY_FIGURES.items()
        if experiments >= figure.least and (figure.varies is None or figure.varies in found)
    ]
