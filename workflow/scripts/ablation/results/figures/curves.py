"""How training went: loss and accuracy over the epochs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ablation.results.figures.canvas import QUIET, TRAIN, VALIDATION, canvas, save, styled
from ablation.results.figures.evaluated import Evaluated

# Apart also in grey: a mark and a line of their own.
PARTS = (("train", "training", TRAIN, "--"), ("val", "validation", VALIDATION, "-"))


@styled
def draw(of: Evaluated, path: Path) -> None:
    """Draw both measures side by side, the epoch with the lowest validation loss marked."""
    epochs = [row["epoch"] for row in of.epochs]
    best = min(of.epochs, key=lambda row: row["val_loss"])
    figure, panels = canvas(9, 3.6, columns=2)
    for axes, measure in zip(panels, ("loss", "accuracy"), strict=True):
        for part, name, colour, line in PARTS:
            values = [row[f"{part}_{measure}"] for row in of.epochs]
            # A dot an epoch is a caterpillar where there are many; of one epoch there is no line.
            mark = "." if len(epochs) <= 40 else None
            axes.plot(epochs, values, line, color=colour, label=name, marker=mark)
        axes.axvline(best["epoch"], color=QUIET, ls=":", lw=1.2)
        ring: Any = {"color": VALIDATION, "mfc": "white", "mew": 1.8, "ms": 8, "clip_on": False, "zorder": 3}
        axes.plot(best["epoch"], best[f"val_{measure}"], "o", **ring)
        axes.set(xlabel="epoch", ylabel="cross-entropy in nats" if measure == "loss" else measure)
        if len(epochs) == 1:
            axes.set_xticks(epochs)
        else:
            axes.xaxis.get_major_locator().set_params(integer=True)
    panels[0].plot(
        [], [], ":o", color=QUIET, mfc="white", label=f"lowest validation loss, epoch {best['epoch']:.0f}"
    )
    panels[0].set_ylim(bottom=0)
    panels[1].set_ylim(-0.02, 1.02)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle(f"{of.name}: {best['val_accuracy']:.1%} of validation photos right at the best epoch")
    save(figure, path)
