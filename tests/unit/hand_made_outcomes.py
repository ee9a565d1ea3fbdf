"""Photo x run made by hand: the outcomes of networks whose outputs are given, or whose hits."""

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
