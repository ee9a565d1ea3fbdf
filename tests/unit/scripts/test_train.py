"""The script that trains."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from runs import SIDE, SPEC, Run, write_pack

from ablation.networks import build
from ablation.networks.weight_files import read_weights
from ablation.training.expected_input import expected_input


@pytest.fixture
def _affinity() -> Iterator[None]:
    """Put back the cores that a test's processes may use."""
    before = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.usefixtures("_affinity")
def test_a_number_of_threads_gives_the_same_bytes_on_any_number_of_cores(tmp_path: Path) -> None:
    """On all cores of this machine, and on one, where the threads take turns."""
    spec = replace(SPEC, threads=2)
    wide = Run(tmp_path / "wide", write_pack(tmp_path / "pack", 6, 3), spec)
    narrow = wide.with_spec("narrow")
    wide.finish()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    narrow.finish()
    for name in ("weights.safetensors", "outputs.npy"):
        assert (wide.folder / name).read_bytes() == (narrow.folder / name).read_bytes()
    assert (wide.history() == narrow.history()).all()
    _, about = read_weights(wide.folder / "weights.safetensors")
    assert about["input"] == expected_input(spec).to_dict()
    for run in (wide, narrow):
        assert json.loads((run.folder / "record.json").read_text(encoding="utf-8"))["threads"] == 2


def test_a_network_of_timm_is_trained_on_photos_of_another_size_than_its_usual_one(tmp_path: Path) -> None:
    spec = replace(SPEC, backbone="vit_tiny_patch16_224", head="linear", epochs=1)
    run = Run(tmp_path / "run", write_pack(tmp_path / "pack", 6, 3), spec)
    run.finish()
    net, about = build.restore(run.folder / "weights.safetensors")
    assert (about["head"], about["image_size"]) == ("linear", SIDE)
    assert net(torch.rand(3, 3, SIDE, SIDE)).shape == (3, 2)
    assert "Linear(in_features=192, out_features=2" in (run.folder / "model.txt").read_text(encoding="utf-8")


def test_a_last_batch_that_is_too_small_for_the_network_is_told_at_once(tmp_path: Path) -> None:
    spec = replace(SPEC, backbone="levit_128s", head="linear")
    status, output = Run(tmp_path / "run", write_pack(tmp_path / "pack", 9, 3), spec).end()
    assert status == 1
    assert "levit_128s trains on batches of 2 photos or more" in output
    assert "leave 1 of 9 photos; choose another batch_size" in output
