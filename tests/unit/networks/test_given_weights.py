"""Weight files of the user's own."""

from __future__ import annotations

import pickle
import re
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
from ablation.running.errors import UserError


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


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.module."])
def test_prefixes_of_wrappers_are_taken_off(prefix: str, suffix: str, tmp_path: Path, capsys: Any) -> None:
    wrapped = {prefix + name: value for name, value in with_auxiliary_heads().items()}
    path = save(wrapped, tmp_path / f"w{suffix}")
    assert_same(read_given(path, "googlenet"), plain())
    assert capsys.readouterr().out == f"of {path}, the names are taken without _orig_mod and module\n"


def test_prefixes_are_what_the_wrappers_put_there(tmp_path: Path) -> None:
    with torch.device("meta"):
        net = build.untouched("googlenet")
    net.load_state_dict(plain(), assign=True)
    net.inception3a = torch.compile(net.inception3a)
    wrapped = nn.DataParallel(torch.compile(net))
    assert any(".inception3a._orig_mod." in name for name in wrapped.state_dict())
    assert all(name.startswith("module._orig_mod.") for name in wrapped.state_dict())
    path = save(wrapped.state_dict(), tmp_path / "w.pth")
    assert_same(read_given(path, "googlenet"), plain())


def test_a_network_twice_in_a_file_is_refused(tmp_path: Path) -> None:
    path = save(plain() | {"module.fc.bias": torch.ones(1000)}, tmp_path / "w.pth")
    assert_refused(lambda: read_given(path, "googlenet"), str(path), "has fc.bias twice", "state_dict()")


@pytest.mark.parametrize("key", ["state_dict", "model", "model_state_dict"])
def test_the_state_dict_of_a_checkpoint_is_taken(key: str, tmp_path: Path, capsys: Any) -> None:
    net = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.ones(3)).sum().backward()
    optimizer.step()
    wrapped = {f"module.{name}": value for name, value in plain().items()}
    checkpoint = {
        "epoch": 3,
        "arch": "googlenet",
        key: wrapped,
        "optimizer": optimizer.state_dict(),
        "best": 0.7,
    }
    path = save(checkpoint, tmp_path / "w.pth")
    assert_same(read_given(path, "googlenet"), plain())
    assert capsys.readouterr().out.splitlines()[0] == f"of {path}, a checkpoint, {key!r} is taken"


def test_which_of_two_state_dicts_is_for_the_user_to_say(tmp_path: Path) -> None:
    path = save({"state_dict": plain(), "state_dict_ema": plain()}, tmp_path / "w.pth")
    assert_refused(
        lambda: read_given(path, "googlenet"),
        *(str(path), "several state dicts (state_dict, state_dict_ema)", "checkpoint['state_dict']"),
    )


def test_of_many_tensors_that_do_not_fit_a_few_are_named(tmp_path: Path) -> None:
    path = save(plain(), tmp_path / "w.pth")
    with pytest.raises(UserError) as raised:
        read_given(path, "resnet34")
    message = str(raised.value)
    few = r"(\S+, ){3}\S+ and \d+ more"
    assert re.search(rf"fit ResNet \(missing: {few}; surplus: {few}; of another shape: fc.weight", message)
    assert len(message) < 600
    changed = plain() | {"fc.weight": torch.ones(5, 1024), "fc.bias": torch.ones(5)}
    with pytest.raises(UserError) as raised:
        read_given(save(changed, path), "googlenet")
    assert str(raised.value) == (
        f"{path} does not fit GoogLeNet (of another shape: fc.weight (5 x 1024 in place of 1000 x 1024), "
        "fc.bias (5 in place of 1000)): it takes googlenet with 1000 outputs; of other classes, give the "
        "ImageNet weights that it began from"
    )


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
