"""The loss that trains, against PyTorch's on labels."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from ablation.training import losses

torch.manual_seed(0)
LOGITS, LABELS, WEIGHTS = torch.randn(9, 4), torch.randint(4, (9,)), torch.rand(4) + 0.5


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weights"])
def test_labels_and_the_shares_that_they_are_have_one_loss(
    smoothing: float, weights: torch.Tensor | None
) -> None:
    shares = functional.one_hot(LABELS, 4).float()
    by_label, by_share = (losses.to_train(LOGITS, one, smoothing, weights) for one in (LABELS, shares))
    torch.testing.assert_close(by_label[0], by_share[0])
    assert by_label[1] == by_share[1] == (LOGITS.argmax(1) == LABELS).sum()
    # In words: of each photo the weighted logarithms by the smoothed shares.
    smoothed = (1 - smoothing) * shares + smoothing / 4
    factors = torch.ones(4) if weights is None else weights
    torch.testing.assert_close(by_label[0], -(smoothed * factors * LOGITS.log_softmax(1)).sum())


def test_of_a_mixed_photo_the_class_with_the_largest_share_is_hit() -> None:
    shares = torch.tensor([[0.4, 0.6, 0.0], [0.7, 0.3, 0.0], [0.5, 0.0, 0.5]])
    logits = torch.tensor([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    assert losses.to_train(logits, shares, 0.0, None)[1] == 2
