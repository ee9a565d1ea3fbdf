"""The figures of one run: how its losses went, and what it takes photos for."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from ablation.results.figures import fonts
from ablation.results.figures.canvas import (
    RIGHT,
    TRAIN,
    VALIDATION,
    WRONG,
    canvas,
    marked,
    save,
    short,
    tidy,
    wrapped,
)
from ablation.running.errors import UserError

SAMPLES = 20


# What is drawn of an epoch.
MEASURES = ("epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy")


def epochs_of(run: Path) -> list[dict[str, float]]:
    """Return the `MEASURES` of each epoch of a run; raises UserError if its history is damaged."""
    path = run / "history.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [{key: float(row[key]) for key in MEASURES} for row in csv.DictReader(file, strict=True)]
        if not rows:
            raise ValueError("no epoch")
        return rows
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise UserError(f"{path} is damaged ({error}): delete {run} and run again") from error


def curves(run: Path, _pack: Path, path: Path) -> None:
    """Loss and accuracy of training and validation over the epochs; the best epoch marked."""
    rows = epochs_of(run)
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
    fonts.use(predictions[index][key] for index in chosen for key in ("true", "predicted"))
    columns = 5
    rows = -(-len(chosen) // columns)
    figure, panels = canvas(9, 2.15 * rows + 0.4, rows, columns)
    for axes in np.ravel(panels):
        axes.axis("off")
    for axes, index in zip(np.ravel(panels), chosen, strict=False):
        one = predictions[index]
        right = one["true"] == one["predicted"]
        axes.imshow(packed.photos[positions[one["file"]]])
        true, predicted = (marked(short(one[key], 18)) for key in ("true", "predicted"))
        text = true if right else f"{true}, taken for {predicted}"
        axes.set_title(
            wrapped(f"{text} ({float(one['probability']):.0%})", 25),
            fontsize=9,
            color=RIGHT if right else WRONG,
            parse_math=False,  # a class may be called "$5 or $10"
        )
    hits = sum(one["true"] == one["predicted"] for one in predictions)
    figure.suptitle(f"{run.parent.name}, {run.name}: {hits} of {len(predictions)} validation photos right")
    save(figure, path)


# By name: functions of the run's folder, the pack's folder and the picture's path.
RUN_FIGURES: dict[str, Callable[[Path, Path, Path], None]] = {"curves": curves, "samples": samples}
