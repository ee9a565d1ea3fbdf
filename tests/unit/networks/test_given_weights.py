"""Weight files of the user's own."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from states import assert_same, plain, with_auxiliary_heads
from torch import nn
from weights import Touch, assert_refused, save

from ablation.networks import build, weight_files
from ablation.networks.given_weights import read_given


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("heads", [False, True], ids=["plain", "auxiliary heads"])
def test_a_state_dict_is_read(suffix: str, heads: bool, tmp_path: Path) -> None:
    path = save(with_auxiliary_heads() if heads else plain(), tmp_path / f"w{suffix}")
    assert_same(read_given(path, "googlenet"), plain())


def test_files_of_before_batches_were_counted_are_read(tmp_path: Path) -> None:
    """torchvision's older files lack batch norm's num_batches_tracked."""
    old = {name: value for name, value in plain().items() if not name.endswith("num_batches_tracked")}
    state = read_given(save(old, tmp_path / "w.pth"), "googlenet")
    weight_files.write_weights(tmp_path / "w.safetensors", state, {})
    net = build.pretrained("googlenet", tmp_path / "w.safetensors")
    assert_same(net.state_dict(), plain())


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_half_precision_becomes_single(suffix: str, tmp_path: Path) -> None:
    half_precision = {
        name: value.half() if value.is_floating_point() else value for name, value in plain().items()
    }
    state = read_given(save(half_precision, tmp_path / f"w{suffix}"), "googlenet")
    wanted = {
        name: value.float() if value.is_floating_point() else value for name, value in half_precision.items()
    }
    assert_same(state, wanted)


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
@pytest.mark.parametrize("write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value, 2))])
def test_code_in_a_file_is_not_run(write: Any, suffix: str, tmp_path: Path) -> None:
    path, marker = tmp_path / f"w{suffix}", tmp_path / "marker"
    write({"conv1.conv.weight": Touch(marker)}, path)
    assert_refused(lambda: read_given(path, "googlenet"), str(path))
    assert not marker.exists()


def test_the_file_above_would_run_code(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    pickle.loads(pickle.dumps(Touch(marker), 2))
    assert marker.exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("length", [0, 3, 5000, -30_000, -1])
def test_a_truncated_file_is_refused(suffix: str, length: int, tmp_path: Path) -> None:
    path = save({"a": torch.ones(100, 100), "b": torch.ones(3)}, tmp_path / f"w{suffix}")
    path.write_bytes(path.read_bytes()[:length])
    assert_refused(lambda: read_given(path, "googlenet"), str(path))


TEXTS = ["hello\n", "weights: none\n", "<!DOCTYPE html>\n", "# notes\n", "(dp0\n.", "{}", "]q", "version\n"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ""])
def test_a_text_file_is_refused(text: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"w{suffix}"
    path.write_text(text, encoding="utf-8")
    assert_refused(lambda: read_given(path, "googlenet"), str(path))


def test_random_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    for seed in range(100):
        path.write_bytes(np.random.default_rng(seed).bytes(500))
        assert_refused(lambda: read_given(path, "googlenet"), str(path))


@pytest.mark.parametrize(
    "value",
    [{}, [], torch.ones(3), {"conv1": 7}, {0: torch.ones(3)}, {"state_dict": {"a": torch.ones(3)}}, None],
    ids=["empty", "list", "tensor", "number", "number as key", "nested", "none"],
)
@pytest.mark.parametrize("backbone", ["googlenet", "alexnet"])
def test_what_is_no_state_dict_is_refused(value: Any, backbone: str, tmp_path: Path) -> None:
    path = save(value, tmp_path / "w.pth")
    assert_refused(lambda: read_given(path, backbone), str(path))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_another_backbones_state_dict_is_refused(suffix: str, tmp_path: Path) -> None:
    path = save(plain(), tmp_path / f"w{suffix}")
    assert_refused(lambda: read_given(path, "resnet34"), str(path), "ResNet")


def test_other_classes_than_imagenets_are_refused(tmp_path: Path) -> None:
    changed = plain() | {"fc.weight": torch.ones(5, 1024), "fc.bias": torch.ones(5)}
    path = save(changed, tmp_path / "w.pth")
    assert_refused(lambda: read_given(path, "googlenet"), str(path), "GoogLeNet", "1000")


def test_a_whole_network_is_refused(tmp_path: Path) -> None:
    path = save(nn.Linear(3, 2), tmp_path / "w.pth")
    assert_refused(lambda: read_given(path, "googlenet"), str(path), "state_dict()")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_missing_file_and_a_folder_are_refused(suffix: str, tmp_path: Path) -> None:
    missing, folder = tmp_path / f"missing{suffix}", tmp_path / f"folder{suffix}"
    folder.mkdir()
    for path in (missing, folder):
        assert_refused(lambda path=path: read_given(path, "googlenet"), str(path))


@pytest.mark.parametrize("length", [0, 5, -1])
def test_a_users_file_is_to_be_replaced_and_not_deleted(length: int, tmp_path: Path) -> None:
    path = save({"a": torch.ones(3)}, tmp_path / "w.safetensors")
    path.write_bytes(path.read_bytes()[:length])
    assert_refused(lambda: read_given(path, "googlenet"), str(path), "replace it by a good copy")


def test_metadata_of_another_program_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    safetensors.torch.save_file(plain(), path, metadata={"format": "pt", "about": "no JSON"})
    assert_same(read_given(path, "googlenet"), plain())


def test_a_file_of_ours_can_be_given_unless_it_was_altered(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    weight_files.write_weights(path, plain(), {"backbone": "googlenet"})
    assert_same(read_given(path, "googlenet"), plain())
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert_refused(
        lambda: read_given(path, "googlenet"), str(path), "was altered", "replace it by a good copy"
    )
