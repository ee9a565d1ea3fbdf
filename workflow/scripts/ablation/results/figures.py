"""The figures of a run and of a study.

To add a figure, write its function and register it in `RUN_FIGURES` or `STUDY_FIGURES`. matplotlib is
imported inside functions: the Snakefile reads this module to know which figures a study has.
"""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.networks.edits import ORIGINAL
from ablation.results.statistics import wilson_interval
from ablation.running.files import atomic

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind people tell apart.
TRAIN, VALIDATION = "#E69F00", "#0072B2"
RIGHT, WRONG = "#009E73", "#D55E00"
SAMPLES = 20
# A picture of more would be longer than matplotlib draws and than anyone reads.
MOST_ROWS = 60


def canvas(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, Any]:
    """Return an empty figure (in inches) and its axes, drawn without a screen."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns)
    return figure, axes


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG; the same figure gives the same bytes."""
    with atomic(path) as temporary:
        figure.savefig(temporary, dpi=120, metadata={"Software": None})


def tidy(axes: Axes) -> None:
    """Take away what carries no information and put a faint grid behind the rest."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)


def short(text: str, width: int) -> str:
    """Cut the middle out of a text that is too long for its place; its ends tell most."""
    text = " ".join(text.split())
    half = (width - 1) // 2
    return text if len(text) <= width else f"{text[:half]}…{text[-half:]}"


def curves(run: Path, _pack: Path, path: Path) -> None:
    """Loss and accuracy of training and validation over the epochs; the best epoch marked."""
    with (run / "history.csv").open(encoding="utf-8") as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    epochs = [row["epoch"] for row in rows]
    best = min(rows, key=lambda row: row["val_loss"])["epoch"]
    figure, panels = canvas(9, 3.6, columns=2)
    for axes, measure in zip(panels, ("loss", "accuracy"), strict=True):
        for part, name, colour in (("train", "training", TRAIN), ("val", "validation", VALIDATION)):
            axes.plot(
                epochs,
                [row[f"{part}_{measure}"] for row in rows],
                color=colour,
                label=name,
                marker=".",
                lw=1.8,
            )
        axes.axvline(best, color="0.5", ls=":", label=f"lowest validation loss (epoch {best:.0f})")
        axes.set(xlabel="epoch", ylabel="cross-entropy in nats" if measure == "loss" else measure)
        axes.xaxis.get_major_locator().set_params(integer=True)
        tidy(axes)
    panels[1].set_ylim(0, 1)
    panels[0].legend(frameon=False)
    figure.suptitle(f"{run.parent.name}, {run.name}")
    save(figure, path)


def samples(run: Path, pack: Path, path: Path) -> None:
    """Validation photos, evenly chosen, with their class and what they were taken for."""
    import numpy as np

    from ablation.photos.pack import load as load_pack

    with (run / "predictions.csv").open(encoding="utf-8", newline="") as file:
        predictions = list(csv.DictReader(file))
    chosen = np.unique(np.linspace(0, len(predictions) - 1, min(SAMPLES, len(predictions))).astype(int))
    packed = load_pack(pack)
    positions = {name: k for k, name in enumerate(packed.files)}
    columns = 5
    rows = -(-len(chosen) // columns)
    figure, panels = canvas(9, 2.15 * rows + 0.4, rows, columns)
    for axes in np.ravel(panels):
        axes.axis("off")
    for axes, index in zip(np.ravel(panels), chosen, strict=False):
        one = predictions[index]
        right = one["true"] == one["predicted"]
        axes.imshow(packed.photos[positions[one["file"]]])
        true, predicted = (short(one[key], 18) for key in ("true", "predicted"))
        text = true if right else f"{true}, taken for {predicted}"
        axes.set_title(
            textwrap.fill(f"{text} ({float(one['probability']):.0%})", 25, break_long_words=False),
            fontsize=9,
            color=RIGHT if right else WRONG,
            parse_math=False,  # a class may be called "$5 or $10"
        )
    hits = sum(one["true"] == one["predicted"] for one in predictions)
    figure.suptitle(f"{run.parent.name}, {run.name}: {hits} of {len(predictions)} validation photos right")
    save(figure, path)


RUN_FIGURES: dict[str, Callable[[Path, Path, Path], None]] = {"curves": curves, "samples": samples}


@dataclass(frozen=True)
class StudyFigure:
    """A figure that compares experiments which differ in one field.

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
        figure, axes = canvas(8, 0.42 * len(names) + 1.7)
        places = list(range(len(names)))[::-1]
        for place, (_, row) in zip(places, means.iterrows(), strict=True):
            low, high = wilson_interval(row["val_accuracy"] * row["val_photos"], int(row["val_photos"]))
            axes.plot([row["train_accuracy"], row["val_accuracy"]], [place] * 2, color="0.8", lw=3, zorder=1)
            axes.plot([low, high], [place] * 2, color=VALIDATION, lw=1.2, zorder=2)
            axes.plot(row["train_accuracy"], place, "o", color=TRAIN, ms=8, zorder=3)
            axes.plot(row["val_accuracy"], place, "o", color=VALIDATION, ms=8, zorder=4)
            axes.annotate(
                f"{row['parameters'] / 1e6:.1f} M",
                (1.01, place),
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


STUDY_FIGURES: dict[str, StudyFigure] = {
    "augmentations": StudyFigure("Augmentations", "augmentation", ("backbone", "image_size")),
    "architectures": StudyFigure(
        "Architecture edits", "architecture", ("backbone", "augmentation", "image_size"), edited=True
    ),
    "backbones": StudyFigure("Backbones", "backbone", ("augmentation", "image_size")),
}


def applicable(rows: list[Mapping[str, Any]]) -> list[str]:
    """Return the names of the study figures for which there is something to compare."""
    return [name for name, figure in STUDY_FIGURES.items() if figure.experiments(rows)]
