"""What the figures of a study are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    # Not the pack's, which would count as code that draws.
    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

# A picture of more would be longer than matplotlib draws and than anyone reads.
MOST_ROWS = 60
_ON = {"test": "of the test set", "validation": "that validated", "folds": "each validated once"}


@dataclass(frozen=True)
class Rung:
    """What an augmentation makes of some photos, uint8 N x H x W x 3.

    `stretched` tells that they had values beyond those of a photo, and are shown from the least to the most.
    """

    name: str
    photos: Pixels
    stretched: bool


@dataclass(frozen=True)
class Given:
    """The tables of a study; those that a figure does not read may be missing."""

    summary: pd.DataFrame = None  # type: ignore[assignment]
    """A row an experiment."""
    families: str = "[]"
    """Which experiments differ in one thing alone, as study/families.py writes it."""
    comparisons: pd.DataFrame | None = None
    """A row a comparison."""
    grid: Sequence[str] = ()
    """The columns of the summary which together tell all experiments apart, as study/grids.py finds them."""
    suspects: pd.DataFrame | None = None
    """A row a photo, the most suspect first."""
    pack: Path | None = None
    """The folder of the packed photos, which may have been deleted."""
    rungs: Sequence[Rung] = ()
    """Each augmentation on the same photos; none if these were deleted."""

    @property
    def rows(self) -> pd.DataFrame:
        """The summary by experiment; `shown` is its accuracy, also where the photos' labels are missing."""
        rows = self.summary.set_index("experiment")
        rows["shown"] = rows["accuracy"].fillna(rows["val_accuracy"])
        return rows

    @property
    def photos(self) -> str:
        """What the accuracies are of, in words."""
        judged = self.summary.dropna(subset=["photos"])
        if judged.empty:
            return "validation photos"
        first = judged.iloc[0]
        return f"{int(first['photos']):,} photos {_ON[first['judged_on']]}"


def counted(parameters: float) -> str:
    """Return a number of parameters for people, in millions or thousands; of what failed it is not known."""
    if parameters != parameters:
        return "failed"
    return f"{parameters / 1e6:.1f} M" if parameters >= 1e5 else f"{parameters / 1e3:.1f} k"
