"""Photo x run made by hand: experiments that are right of a photo with a given probability."""

from __future__ import annotations

import json

import numpy as np

from ablation.results.outcomes import Outcomes

EMPTY = Outcomes(
    [],
    [],
    np.zeros(0, np.int64),
    None,
    [],
    [],
    *[np.zeros((0, 0), dtype=kind) for kind in ("i8", "f4", "f4")],
)


def outcomes(accuracies: dict[str, float], seeds: int = 1, photos: int = 100, seed: int = 0) -> Outcomes:
    """Experiments whose runs are right of a photo with these probabilities."""
    generator = np.random.default_rng(seed)
    rows = [(name, run) for name in accuracies for run in range(seeds)]
    right = np.stack([generator.random(photos) < accuracies[name] for name, _ in rows])
    true = np.zeros(photos, dtype=np.int64)
    logs = np.zeros(right.shape, dtype=np.float32)
    names, runs = [name for name, _ in rows], [run for _, run in rows]
    files = [str(photo) for photo in range(photos)]
    return Outcomes(files, ["a", "b"], true, None, names, runs, np.where(right, 0, 1), logs, logs)


def families(*rows: object) -> str:
    return json.dumps(rows)
