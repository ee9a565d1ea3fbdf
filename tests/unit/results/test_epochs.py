"""A fold's epoch is chosen by the others."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ablation.results import epochs


def history(losses: list[float], accuracies: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"val_loss": losses, "val_accuracy": accuracies})


def test_by_hand() -> None:
    found = epochs.nested(
        [
            history([3, 1, 2], [0.1, 0.2, 0.3]),
            history([1, 3, 2], [0.4, 0.5, 0.6]),
            # Longer: its last epoch the others do not have.
            history([2, 2, 1, 0], [0.7, 0.8, 0.9, 1.0]),
        ]
    )
    # Means of the others: (1.5, 2.5, 1.5), the first of ties; (2.5, 1.5, 1.5); (2, 2, 2).
    assert found == [0.1, 0.5, 0.7]


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 1)), min_size=1, max_size=6), st.integers(2, 5))
def test_alike_folds_choose_their_own_best(own: list[tuple[float, float]], count: int) -> None:
    losses, accuracies = map(list, zip(*own, strict=True))
    found = epochs.nested([history(losses, accuracies)] * count)
    assert found == [accuracies[losses.index(min(losses))]] * count


def test_a_folds_own_losses_choose_nothing() -> None:
    others = [history([2.0, 1.0], [0.5, 0.6])] * 2
    for losses in ([0.0, 9.0], [9.0, 0.0]):
        assert epochs.nested([history(losses, [0.1, 0.2]), *others])[0] == 0.2
