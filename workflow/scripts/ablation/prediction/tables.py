"""What was predicted, as CSV: a line for each photo, and for each that cannot be read."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from ablation.prediction.predicting import Broken, Classified
from ablation.results.calibration import Threshold
from ablation.running.files import atomic

BEST = 5
# Of a probability no reader wants more; of a million photos 16 digits are 80 MB.
DIGITS = 6
# What is in the columns, those of the best with the last of them: which there are, `columns` says.
DESCRIBED = {
    "file": "The photo, by its path in the folder or archive.",
    "class": "The class that is predicted.",
    "confidence": "Its probability, 0..1, by the mean of the networks, each with its temperature.",
    "unsure": "Only with `wanted_accuracy`: `yes` where the confidence is below that for it, else `no`.",
} | {
    f"{name}_{place + 1}": f"{text} {place + 1} of the best five; fewer of fewer classes."
    for place in range(BEST)
    for name, text in (("class", "Class"), ("probability", "The probability, 0..1, of class"))
}
BROKEN = {"file": "The photo.", "why": "Why it cannot be read."}


def columns(classes: list[str], unsure: bool) -> list[str]:
    """Return the table's columns: `class` and `confidence`, and again as the first of the best five."""
    best = [
        f"{name}_{place + 1}" for place in range(min(BEST, len(classes))) for name in ("class", "probability")
    ]
    return ["file", "class", "confidence", *(["unsure"] if unsure else []), *best]


def row(one: Classified, classes: list[str], threshold: Threshold | None = None) -> list[str]:
    """Return a photo's cells; probabilities (0..1) are rounded. Equal ones stand in the classes' order."""
    order = (-one.probabilities).argsort(kind="stable")[:BEST].tolist()
    best = [(classes[place], f"{one.probabilities[place]:.{DIGITS}f}") for place in order]
    confidence = one.probabilities[order[0]]
    unsure = [] if threshold is None else ["yes" if confidence < threshold.confidence else "no"]
    return [one.name, *best[0], *unsure, *(cell for pair in best for cell in pair)]


def beside(path: Path) -> Path:
    """Return where the photos are listed that cannot be read: `new.csv` has `new-broken.csv`."""
    return path.with_name(f"{path.stem}-broken{path.suffix}")


def write(
    found: Iterable[Classified | Broken], classes: list[str], path: Path, threshold: Threshold | None = None
) -> list[Broken]:
    """Write both tables as the photos come, whole or not at all; return those that cannot be read.

    The second, `beside` the first, has the columns file and why, and no line where all can be read.
    """
    broken: list[Broken] = []
    with ExitStack() as stack:
        files = [
            stack.enter_context(stack.enter_context(atomic(one)).open("w", newline="", encoding="utf-8"))
            for one in (path, beside(path))
        ]
        good, bad = map(csv.writer, files)
        good.writerow(columns(classes, threshold is not None))
        bad.writerow(list(BROKEN))
        for one in found:
            if isinstance(one, Broken):
                broken.append(one)
                bad.writerow([one.name, one.why])
            else:
                good.writerow(row(one, classes, threshold))
    return broken
