"""What a weight file alone says of its network, and files that do not say enough."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from flowers import Flowers

from ablation.networks.weight_files import read_weights, write_weights
from ablation.prediction import trained
from ablation.running.errors import UserError


def test_a_weight_file_is_enough(flowers: Flowers, tmp_path: Path) -> None:
    run = flowers.runs["crop"]
    shutil.copy(run.folder / trained.WEIGHTS, tmp_path / "moved.safetensors")
    one, other = trained.load(tmp_path / "moved.safetensors"), trained.load(run.folder)
    assert (one.classes, one.temperature) == (["10", "2", "rose"], None)
    assert one.preparation == other.preparation
    assert vars(one.preparation.way) == {"size": 64, "resize": "crop", "interpolation": "bicubic"}
    photos = torch.rand(2, 3, 64, 64)
    assert torch.equal(one.net(photos), other.net(photos))
    assert not one.net.training


def test_what_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone.safetensors"):
        with pytest.raises(UserError, match="does not exist: name the folder of a finished run"):
            trained.load(path)


@pytest.mark.parametrize("key", ["resize", "steps"])
def test_a_file_of_an_older_version(flowers: Flowers, tmp_path: Path, key: str) -> None:
    state, about = read_weights(flowers.runs["crop"].folder / trained.WEIGHTS)
    del (about["input"] if key == "resize" else about)[key]
    write_weights(tmp_path / "old.safetensors", state, about)
    with pytest.raises(UserError, match=f"has no '{key}'.*: train the run again"):
        trained.load(tmp_path / "old.safetensors")
