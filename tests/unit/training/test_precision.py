"""In which precision a training computes."""

from __future__ import annotations

import math

import pytest
import torch
from tiny import CPU, Tiny, photos, spec

from ablation.training import loop


@pytest.mark.parametrize(
    ("precision", "native", "expected"),
    [
        ("fp32", True, "fp32"),
        ("bf16", False, "bf16"),
        ("auto", True, "bf16"),
        ("auto", False, "fp32"),
    ],
)
def test_precision(monkeypatch: pytest.MonkeyPatch, precision: str, native: bool, expected: str) -> None:
    monkeypatch.setattr("ablation.training.precision.native_bf16", lambda _: native)
    net = Tiny()
    trained = loop.train(net, spec(precision=precision), photos(), CPU)
    assert trained.precision == expected
    kinds = {outputs.dtype for _, _, outputs in net.seen}
    assert kinds == {torch.bfloat16 if expected == "bf16" else torch.float32}
    # The weights and what is added up stay in float32.
    assert trained.best_state["layers.1.weight"].dtype == torch.float32
    for epoch in trained.history:
        assert math.isfinite(epoch.train_loss + epoch.val_loss)
