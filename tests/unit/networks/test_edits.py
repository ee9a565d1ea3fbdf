"""The architecture edits by themselves."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from meta import on_meta
from torch import nn

from ablation.networks.edits import EDITS


@pytest.mark.parametrize(("architecture", "dim"), [("softmax_output", 0), ("softmax_classes", 1)])
def test_softmax_edits_sum_to_1(architecture: str, dim: int) -> None:
    net = SimpleNamespace(classifier=nn.Sequential(nn.Linear(6, 4)))
    EDITS[architecture].apply(net)
    sums = net.classifier(torch.randn(5, 6, generator=torch.Generator().manual_seed(0))).sum(dim)
    torch.testing.assert_close(sums, torch.ones_like(sums))
    for backbone in EDITS[architecture].backbones:
        last = on_meta(backbone, architecture).classifier[-1]
        assert (type(last), last.dim) == (nn.Softmax, dim)
