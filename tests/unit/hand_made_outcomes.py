"""Photo x run made by hand: of networks whose outputs are given, or how many photos they have right."""

from __future__ import annotations

import numpy as np
from scipy import special

from ablation.results.outcomes import Outcomes


def of_outputs(
    outputs: np.ndarray,
    true: np.ndarray,
    experiments: list[str] | None = None,
    folds: np.ndarray | None = None,
) -> Outcomes:
    """The outcomes of outputs, runs x photos x classes; each run of an experiment has the next seed."""
    runs, photos, classes = outputs.shape
    named = experiments or ["one"] * runs
    logarithms = special.log_softmax(outputs.astype(np.float64), axis=2).astype(np.float32)
    predicted = outputs.argmax(axis=2)
    each = np.arange(photos)
    return Outcomes(
        files=[f"{label}/{photo}.jpg" for photo, label in enumerate(true.tolist())],
        categories=[f"class {label}" for label in range(classes)],
        true=true.astype(np.int64),
        folds=folds,
        experiments=named,
        seeds=[named[:run].count(name) for run, name in enumerate(named)],
        predicted=predicted.astype(np.int64),
        log_true=logarithms[:, each, true],
        log_predicted=np.take_along_axis(logarithms, predicted[:, :, None], axis=2)[:, :, 0],
    )


def of_hits(
    hits: dict[str, list[int]], losses: dict[str, float], classes: int, each: int, seed: int = 0
) -> Outcomes:
    """The outcomes of runs that have exactly so many photos right, of classes with so many photos each.

    Photos differ: what one run has right others have too, more often than by chance. Losses are those of each
    experiment, the same for all photos.
    """
    generator = np.random.default_rng(seed)
    true = np.repeat(np.arange(classes), each)
    difficulty = generator.normal(size=len(true))
    names = [name for name, its in hits.items() for _ in its]
    predicted = np.tile((true + 1) % classes, (len(names), 1))
    for run, count in enumerate(one for its in hits.values() for one in its):
        easiest = np.argsort(difficulty + generator.normal(size=len(true)))[:count]
        predicted[run, easiest] = true[easiest]
    logarithms = np.array([[-losses[name]] * len(true) for name in names], dtype=np.float32)
    return Outcomes(
        files=[f"{label}/{photo}.jpg" for photo, label in enumerate(true.tolist())],
        categories=[f"class {label}" for label in range(classes)],
        true=true,
        folds=None,
        experiments=names,
        seeds=[names[:run].count(name) for run, name in enumerate(names)],
        predicted=predicted,
        log_true=logarithms,
        log_predicted=logarithms,
    )
