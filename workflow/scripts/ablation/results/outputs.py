"""What a run's best weights made of photos that validated or test it, between training and evaluation.

A network's outputs before any softmax but its own, float32 N x classes, in the pack's order. So evaluation
needs no network, and what it counts is what the training saw.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ablation.running.errors import UserError
from ablation.running.files import atomic

FILE = "outputs.npy"
# Where there is a test set. Snakemake is not told of it, which knows of one only when photos are indexed.
TEST_FILE = "test_outputs.npy"
Outputs = np.ndarray[Any, np.dtype[np.float32]]


def write(outputs: Outputs, path: Path) -> None:
    """Write outputs, whole or not at all."""
    with atomic(path) as temporary:
        np.save(temporary, outputs)


def read(path: Path) -> Outputs:
    """Read what `write` wrote; raises UserError if it is not that."""
    try:
        outputs: Outputs = np.load(path, allow_pickle=False)
        if outputs.ndim != 2 or outputs.dtype != np.float32:
            raise ValueError(f"{outputs.dtype} of shape {outputs.shape}")
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} is not readable ({error}): delete it and run again") from error
    return outputs
