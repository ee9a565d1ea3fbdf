"""What a network scores at an epoch that its own validation photos have not chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def nested(histories: Sequence[pd.DataFrame]) -> list[float]:
    """Return of each fold, two or more, the `val_accuracy` (0..1) at the epoch that the others choose.

    That is the one with the lowest mean of their `val_loss`, the first of ties, among the epochs that all
    folds have: a nested choice (Varma and Simon 2006, "Bias in error estimation when using cross-validation
    for model selection", BMC Bioinformatics 7) of the epoch alone, without further training.
    """
    epochs = min(map(len, histories))
    losses = np.array([history["val_loss"][:epochs] for history in histories])
    accuracies = np.array([history["val_accuracy"][:epochs] for history in histories])
    chosen = [np.delete(losses, fold, axis=0).mean(axis=0).argmin() for fold in range(len(losses))]
    return [float(own[epoch]) for own, epoch in zip(accuracies, chosen, strict=True)]
