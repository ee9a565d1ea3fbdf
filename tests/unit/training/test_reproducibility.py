"""The same seed gives the same numbers, in full precision."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from states import assert_same
from tiny import CPU, NORMALIZE, RANDOM, Tiny, photos, spec, without_times
from torch import nn

from ablation.training import loop, reproducibility, state


@pytest.fixture
def _settings() -> Iterator[None]:
    """Put back what make_reproducible changes."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("_settings")
def test_the_same_seed_gives_the_same_bytes() -> None:
    def run(seed: int) -> state.Trained:
        reproducibility.make_reproducible(seed, 1)
        net = Tiny(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Dropout(), nn.Linear(16, 3))
        reproducibility.make_reproducible(seed, 1)
        return loop.train(net, spec(seed=seed, augmentation=(*RANDOM, NORMALIZE)), photos(), CPU)

    one, again, other = run(5), run(5), run(6)
    assert without_times(one.history) == without_times(again.history)
    assert_same(one.best_state, again.best_state)
    assert without_times(one.history) != without_times(other.history)
    assert not torch.equal(one.best_state["layers.0.weight"], other.best_state["layers.0.weight"])


@pytest.mark.usefixtures("_settings")
def test_make_reproducible() -> None:
    reproducibility.make_reproducible(3, 1)
    drawn = torch.rand(3)
    reproducibility.make_reproducible(3, 1)
    assert torch.equal(drawn, torch.rand(3))
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()


@pytest.mark.usefixtures("_settings")
def test_fp32_is_not_tf32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    reproducibility.make_reproducible(0, torch.get_num_threads())
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
