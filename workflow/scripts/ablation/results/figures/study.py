"""The figures that compare the experiments of a study, and which of them a study has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.networks.edits import ORIGINAL
from ablation.results.figures import fonts
from ablation.results.figures.canvas import TRAIN, VALIDATION, canvas, save, short, tidy
from ablation.results.statistics.wilson import wilson_interval

if TYPE_CHECKING:
    import pandas as pd


# A picture of more would be longer than matplotlib draws and than anyone reads.
MOST_ROWS = 60


@dataclass(frozen=True)
class StudyFigure:
    """A figure that compares experiments which differ in one field, or in whatever gives them their names.

    `varies` is that field; `within` are the fields that must be equal; `edited` says whether networks
    with an architecture edit take part.
    """

    title: str
    varies: str
    within: tuple[str, ...]
    edited: bool = False

    def experiments(self, rows: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return the experiments that the figure compares: the group with the most values of `varies`.

        `rows` have the keys experiment, backbone, architecture, augmentation and image_size; none are
        returned if no group has two values.
        """
        groups: dict[tuple[Any, ...], dict[str, dict[str, None]]] = {}
        for row in rows:
            if self.edited or row["architecture"] == ORIGINAL:
                group = groups.setdefault(tuple(row[key] for key in self.within), {})
                group.setdefault(row[self.varies], {})[row["experiment"]] = None
        largest = max(groups.values(), key=len, default={})
        return [name for names in largest.values() for name in names] if len(largest) > 1 else []

    def draw(self, runs: pd.DataFrame, path: Path) -> None:
        """Draw the figure from the table of runs, averaged over seeds."""
        rows: list[dict[str, Any]] = runs.to_dict("records")  # type: ignore[assignment]
        names = self.experiments(rows)
        runs = runs[runs["experiment"].isin(names)]
        means = runs.groupby("experiment").mean(numeric_only=True).loc[names]
        title = self.title
        if len(names) > MOST_ROWS:
            title += f": the {MOST_ROWS} most accurate of {len(names):,}"
            means = means[means["val_accuracy"].rank(method="first", ascending=False) <= MOST_ROWS]
            names = list(means.index)
        labels = runs.drop_duplicates("experiment").set_index("experiment")["label"]
        fonts.use(labels[name] for name in names)
        figure, axes = canvas(8, 0.42 * len(names) + 1.7)
        places = list(range(len(names)))[::-1]
        for place, (_, row) in zip(places, means.iterrows(), strict=True):
            low, high = wilson_interval(row["val_accuracy"] * row["val_photos"], int(row["val_photos"]))
            axes.plot([row["train_accuracy"], row["val_accuracy"]], [place] * 2, color="0.8", lw=3, zorder=1)
            axes.plot([low, high], [place] * 2, color=VALIDATION, lw=1.2, zorder=2)
            # Whole also at 0 and 1.
            dots = {"ms": 8, "clip_on": False}
            axes.plot(row["train_accuracy"], place, "o", color=TRAIN, zorder=3, **dots)
            axes.plot(row["val_accuracy"], place, "o", color=VALIDATION, zorder=4, **dots)
            axes.annotate(
                counted(row["parameters"]),
                (1.02, place),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=8,
                color="0.4",
            )
        chance = 1 / means["classes"].iloc[0]
        axes.axvline(chance, color="0.5", ls=":")
        axes.annotate(
            "chance", (chance, 1), xycoords=("data", "axes fraction"), fontsize=8, color="0.4", ha="center"
        )
        axes.set_yticks(places, [short(labels[name], 48) for name in names], parse_math=False)
        axes.set(
            xlim=(0, 1),
            xlabel="accuracy at the epoch with the lowest validation loss",
            ylim=(-0.6, len(names) - 0.4),
        )
        tidy(axes)
        photos, seeds = int(means["val_photos"].iloc[0]), int(runs.groupby("experiment").size().max())
        axes.plot([], [], "o", color=TRAIN, ms=8, label="training")
        axes.plot(
            [], [], "o", color=VALIDATION, ms=8, label=f"validation, with the 95% interval of {photos} photos"
        )
        figure.legend(frameon=False, loc="outside lower center", ncols=2)
        figure.suptitle(f"{title} ({seeds} run{'s' if seeds > 1 else ''} each; right: trainable parameters)")
        save(figure, path)


def counted(parameters: float) -> str:
    """Return a number of parameters for people, in millions or thousands."""
    return f"{parameters / 1e6:.1f} M" if parameters >= 1e5 else f"{parameters / 1e3:.1f} k"


STUDY_FIGURES: dict[str, StudyFigure] = {
    "augmentations": StudyFigure("Augmentations", "augmentation", ("backbone", "image_size")),
    "architectures": StudyFigure(
        "Architecture edits", "architecture", ("backbone", "augmentation", "image_size"), edited=True
    ),
    "backbones": StudyFigure("Backbones", "backbone", ("augmentation", "image_size")),
    # Whatever they differ in, so that no experiment is in no picture.
    "experiments": StudyFigure("All experiments", "experiment", (), edited=True),
}


def applicable(rows: list[Mapping[str, Any]]) -> list[str]:
    """Return the names of the study figures for which there is something to compare."""
    return [name for name, figure in STUDY_FIGURES.items() if figure.experiments(rows)]
