"""Our own weight files: what is written is read, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from light import LIGHT, about, torchvisions, weights
from states import assert_same
from torch import Tensor, nn
from weights import assert_refused

from ablation.networks import build, weight_files
from ablation.running.errors import UserError
from places import SCRIPTS

# --- writing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("backbone", LIGHT)
def test_weights_come_back_bit_for_bit(backbone: str, pretrained_files: dict[str, Path]) -> None:
    state, read_about = weight_files.read_weights(pretrained_files[backbone])
    assert read_about == {"from": backbone}
    assert sorted(state) == sorted(weights(backbone))
    for name, tensor in weights(backbone).items():
        assert state[name].dtype == tensor.dtype
        assert torch.equal(state[name], tensor)


def test_any_memory_layout_can_be_written(tmp_path: Path) -> None:
    tensor = torch.arange(2 * 3 * 4 * 5.0).view(2, 3, 4, 5)
    odd = {
        "last": tensor.to(memory_format=torch.channels_last),
        "turned": tensor[0, 0].T,
        "one": torch.tensor(7),
    }
    odd["parameter"] = nn.Parameter(tensor[:, 1])
    weight_files.write_weights(tmp_path / "new" / "w.safetensors", odd, {})
    state, _ = weight_files.read_weights(tmp_path / "new" / "w.safetensors")
    assert all(torch.equal(state[name], tensor) for name, tensor in odd.items())


TYPES = [getattr(torch, name.removeprefix("torch.")) for name in weight_files.SAFETENSORS_TYPES]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_files_are_those_of_safetensors(tmp_path: Path, kind: torch.dtype) -> None:
    state = {
        "été": torch.arange(3).to(kind),
        "b": torch.ones(5),
        "a": torch.zeros(2, 0, 3),
        "one": torch.tensor(1).to(kind),
    }
    path, metadata = tmp_path / "w.safetensors", {"note": 'some "text"'}
    weight_files.write_safetensors(path, state, metadata)
    read = safetensors.torch.load_file(path)
    assert read.keys() == state.keys()
    for name, value in state.items():
        assert torch.equal(read[name], value)
        assert read[name].dtype == value.dtype
    with safetensors.safe_open(path, framework="pt") as file:
        assert file.metadata() == metadata


def test_files_of_networks_have_the_bytes_of_safetensors(tmp_path: Path) -> None:
    state = torchvisions("googlenet").state_dict()
    weight_files.write_safetensors(tmp_path / "w.safetensors", state, {"a": "b"})
    assert (tmp_path / "w.safetensors").read_bytes() == safetensors.torch.save(state, {"a": "b"})


def test_equal_weights_make_equal_files(tmp_path: Path) -> None:
    state = {"b": torch.ones(3), "a": torch.zeros(2, 2)}
    first, second = tmp_path / "1.safetensors", tmp_path / "2.safetensors"
    weight_files.write_weights(first, state, {"x": 1, "y": [2]})
    weight_files.write_weights(second, dict(reversed(state.items())), {"y": [2], "x": 1})
    assert first.read_bytes() == second.read_bytes()


def test_a_write_leaves_no_temporary_file(tmp_path: Path) -> None:
    for value in (1.0, 2.0):
        weight_files.write_weights(tmp_path / "w.safetensors", {"a": torch.full((2,), value)}, {})
    assert [file.name for file in tmp_path.iterdir()] == ["w.safetensors"]
    assert weight_files.read_weights(tmp_path / "w.safetensors")[0]["a"].tolist() == [2, 2]


STATE = {
    "a.weight": torch.arange(6.0).view(2, 3),
    "a.batches": torch.tensor(7),
    "half": torch.tensor([1.5, -2], dtype=torch.bfloat16),
    "nothing": torch.ones(0, 4),
    "flags": torch.tensor([True, False]),
}
ABOUT = {"backbone": "googlenet", "classes": ["rose", "\u00e4"], "best_epoch": 3}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small weight file of the program's own."""
    path = tmp_path_factory.mktemp("ours") / "w.safetensors"
    weight_files.write_weights(path, STATE, ABOUT)
    return path


def test_our_own_file_is_read(ours: Path) -> None:
    state, about = weight_files.read_weights(ours)
    assert_same(state, STATE)
    assert about == ABOUT


def test_others_can_read_our_own_file(ours: Path) -> None:
    assert_same(safetensors.torch.load_file(ours), STATE)
    # As any new file, and not only by its owner.
    (ours.parent / "any").touch()
    assert ours.stat().st_mode == (ours.parent / "any").stat().st_mode


@pytest.mark.parametrize("hash_seed", ["1", "2", "3"])
def test_another_process_writes_the_same_bytes(ours: Path, tmp_path: Path, hash_seed: str) -> None:
    """safetensors' own metadata changes its order from process to process."""
    code = (
        "import sys; from pathlib import Path; from ablation.networks import weight_files\n"
        "weight_files.write_weights(Path('again'), *weight_files.read_weights(Path(sys.argv[1])))"
    )
    variables = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(SCRIPTS)}
    subprocess.run([sys.executable, "-c", code, ours], cwd=tmp_path, env=variables, check=True, timeout=120)
    assert (tmp_path / "again").read_bytes() == ours.read_bytes()


# --- changed files ----------------------------------------------------------------------------------


def resealed(path: Path, change: Callable[[dict[str, Tensor], dict[str, str]], Any]) -> Path:
    """Change what a weight file says, as another program might, but not its hash."""
    with safetensors.safe_open(path, framework="pt") as file:
        header = dict(file.metadata())
    state = safetensors.torch.load_file(path)
    change(state, header)
    changed = path.with_name("changed.safetensors")
    safetensors.torch.save_file(state, changed, metadata=header)
    return changed


def reshaped(state: dict[str, Tensor], _header: dict[str, str]) -> None:
    state["a.weight"] = state["a.weight"].view(3, 2)


def retyped(state: dict[str, Tensor], _header: dict[str, str]) -> None:
    state["a.weight"] = state["a.weight"].view(torch.int32)


def renamed(state: dict[str, Tensor], _header: dict[str, str]) -> None:
    state["b.weight"] = state.pop("a.weight")


def other_about(_state: dict[str, Tensor], header: dict[str, str]) -> None:
    header[weight_files.SEAL] = header[weight_files.SEAL].replace("rose", "lily")


CHANGES: dict[str, Callable[[dict[str, Tensor], dict[str, str]], Any]] = {
    "value": lambda state, _header: state["a.weight"].add_(1),
    "shape": reshaped,
    "type": retyped,
    "name": renamed,
    "surplus": lambda state, _header: state.update(more=torch.ones(1)),
    "missing": lambda state, _header: state.pop("nothing"),
    "about": other_about,
    "no hash": lambda _state, header: header.clear(),
    "hash of nothing": lambda _state, header: header.update({weight_files.SEAL: "{}"}),
    "hash no text": lambda _state, header: header.update({weight_files.SEAL: "[]"}),
    "hash no JSON": lambda _state, header: header.update({weight_files.SEAL: "x"}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_file_of_our_own_is_refused(
    ours: Path, change: Callable[[dict[str, Tensor], dict[str, str]], Any]
) -> None:
    path = resealed(ours, change)
    for read in (weight_files.read_weights, build.restore, lambda path: build.pretrained("vgg11", path)):
        assert_refused(lambda read=read: read(path), str(path), "was altered", "delete it and run again")


def test_a_file_written_again_unchanged_is_accepted(ours: Path) -> None:
    path = resealed(ours, lambda _state, _header: None)
    assert_same(weight_files.read_weights(path)[0], STATE)


def refused_or_equal(folder: Path, content: bytes) -> bool:
    """Read other bytes as a weight file; return whether they are refused."""
    path = folder / "w.safetensors"
    path.write_bytes(content)
    try:
        state, about = weight_files.read_weights(path)
    except UserError:
        return True
    assert_same(state, STATE)
    assert about == ABOUT
    return False


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, 10_000), value=st.integers(1, 255))
def test_a_changed_byte_is_refused_or_means_nothing(
    ours: Path, tmp_path_factory: pytest.TempPathFactory, place: int, value: int
) -> None:
    content = bytearray(ours.read_bytes())
    content[place % len(content)] ^= value
    refused_or_equal(tmp_path_factory.mktemp("changed"), bytes(content))


@settings(max_examples=100, deadline=None)
@given(length=st.integers(0, 10_000))
@example(length=-1)
def test_a_cut_file_of_our_own_is_refused(
    ours: Path, tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    content = ours.read_bytes()
    assert refused_or_equal(tmp_path_factory.mktemp("cut"), content[: length % len(content)])


# --- what is no weight file -------------------------------------------------------------------------


def small_file(folder: Path) -> bytes:
    weight_files.write_weights(
        folder / "good.safetensors", {"a": torch.ones(100), "b": torch.ones(9)}, about("vgg11")
    )
    return (folder / "good.safetensors").read_bytes()


@pytest.mark.parametrize("length", [0, 4, 8, 100, -300, -1])
def test_a_truncated_file_is_refused(length: int, tmp_path: Path) -> None:
    path = tmp_path / "short.safetensors"
    path.write_bytes(small_file(tmp_path)[:length])
    assert_refused(lambda: weight_files.read_weights(path), str(path))
    assert_refused(lambda: build.restore(path), str(path))


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_are_refused(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "noise.safetensors"
    generator = torch.Generator().manual_seed(seed)
    path.write_bytes(bytes(torch.randint(0, 256, (2000,), generator=generator).tolist()))
    assert_refused(lambda: weight_files.read_weights(path), str(path))


def test_surplus_bytes_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "long.safetensors").write_bytes(small_file(tmp_path) + b"\0")
    (tmp_path / "folder.safetensors").mkdir()
    for name in ("long", "folder", "missing"):
        path = tmp_path / f"{name}.safetensors"
        assert_refused(lambda path=path: weight_files.read_weights(path), str(path))
