"""The photos of a pack's parts, from its file and from a device's memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from states import assert_same
from tiny import CPU, NORMALIZE, RANDOM, Tiny, photos, spec, without_times
from torch import Tensor

from ablation.training import loader, loop, state
from ablation.training.loader import Photos


@pytest.mark.parametrize("on_device", [True, False])
@pytest.mark.parametrize("index", [[2, 0, 1], [3], [0, 1, 2, 3, 4], [1, 1]])
def test_photos_of_each_part(monkeypatch: pytest.MonkeyPatch, on_device: bool, index: list[int]) -> None:
    """The same photos come from the device's memory as from the pack's file."""
    monkeypatch.setattr(loader, "PHOTOS_AT_ONCE", 3)
    pack = photos()
    for part in (True, False):
        found = Photos.of(pack, training=part, device=CPU, resident=on_device)
        assert len(found) == (8 if part else 5)
        assert isinstance(found.pixels, Tensor) == on_device
        pixels, labels = found.batch(torch.tensor(index))
        np.testing.assert_array_equal(pixels.numpy(), pack.photos[pack.training == part][index])
        np.testing.assert_array_equal(labels.numpy(), pack.labels[pack.training == part][index])
        assert pixels.dtype == torch.uint8


def test_photos_on_the_device_train_to_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(on_device: bool) -> state.Trained:
        monkeypatch.setattr(loop, "takes", lambda *_: on_device)
        return loop.train(Tiny(), spec(augmentation=(*RANDOM, NORMALIZE)), photos(), CPU)

    one, other = run(True), run(False)
    assert without_times(one.history) == without_times(other.history)
    assert_same(one.best_state, other.best_state)
