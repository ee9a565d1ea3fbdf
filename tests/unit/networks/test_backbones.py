"""The networks: sizes, heads, edits, smallest photos, and their weight files."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import safetensors.torch
import torch
import torchvision
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ablation.networks import build, edits, needs, weight_files
from ablation.networks.backbones import BACKBONES
from ablation.networks.edits import EDITS, ORIGINAL
from ablation.running.errors import UserError

PARAMETERS = {
    ("alexnet", ORIGINAL): 57_901_083,
    ("alexnet", "fewer_layers"): 46_324_891,
    ("alexnet", "more_layers_wide"): 177_042_971,
    ("alexnet", "more_layers_narrow"): 60_261_147,
    ("alexnet", "softmax_output"): 57_901_083,
    ("alexnet", "softmax_classes"): 57_901_083,
    ("vgg11", ORIGINAL): 129_663_579,
    ("vgg11", "softmax_output"): 129_663_579,
    ("vgg11", "softmax_classes"): 129_663_579,
    ("googlenet", ORIGINAL): 6_844_123,
    ("resnet34", ORIGINAL): 22_016_891,
    ("resnet50", ORIGINAL): 25_776_251,
    ("resnet101", ORIGINAL): 44_768_379,
    ("resnext50_32x4d", ORIGINAL): 25_248_123,
}
NETWORKS = pytest.mark.parametrize(("backbone", "architecture"), list(PARAMETERS))


@lru_cache
def on_meta(backbone: str, architecture: str) -> nn.Module:
    """Return a network of 219 classes whose tensors have shapes but no memory."""
    with torch.device("meta"):
        return build.adapt(build.untouched(backbone), backbone, architecture, 219)


def forward_on_meta(net: nn.Module, photos: int, side: int) -> Tensor:
    with torch.device("meta"):
        return net.train()(torch.empty(photos, 3, side, side))


# --- networks ---------------------------------------------------------------------------------------


def test_the_table_above_names_every_network() -> None:
    edits = {(backbone, name) for name, edit in EDITS.items() for backbone in edit.backbones}
    assert set(PARAMETERS) == edits | {(backbone, ORIGINAL) for backbone in BACKBONES}


@NETWORKS
def test_trainable_parameters(backbone: str, architecture: str) -> None:
    assert build.trainable_parameters(on_meta(backbone, architecture)) == PARAMETERS[backbone, architecture]


@pytest.mark.parametrize("backbone", BACKBONES)
def test_multiplications(backbone: str) -> None:
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        build.untouched(backbone).eval()(torch.empty(1, 3, 224, 224))
    # An addition goes with every multiplication.
    counted = counter.get_total_flops() / 2e9
    assert needs.multiplications(backbone, 224) == pytest.approx(counted, abs=0.05)
    assert needs.multiplications(backbone, 112) == needs.multiplications(backbone, 224) / 4


def test_frozen_parameters_are_not_counted() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    net[0].requires_grad_(False)
    assert build.trainable_parameters(net) == 4 * 2 + 2


FRESH = {  # which of the pretrained network's tensors each network has replaced or dropped
    **{
        (backbone, architecture): {"classifier.6.weight", "classifier.6.bias"}
        for backbone, architecture in PARAMETERS
        if backbone in ("alexnet", "vgg11")
    },
    ("alexnet", "fewer_layers"): {
        f"{layer}.{kind}"
        for layer in ("features.6", "features.8", "features.10", "classifier.1", "classifier.6")
        for kind in ("weight", "bias")
    },
    ("alexnet", "more_layers_wide"): {
        f"{layer}.{kind}" for layer in ("classifier.1", "classifier.6") for kind in ("weight", "bias")
    },
}


@NETWORKS
def test_layers_that_are_not_replaced_keep_their_tensors(backbone: str, architecture: str) -> None:
    with torch.device("meta"):
        net = build.untouched(backbone)
        before = {name: id(tensor) for name, tensor in [*net.named_parameters(), *net.named_buffers()]}
        tensors = list(net.parameters())  # keeps every id in use
        build.adapt(net, backbone, architecture, 219)
    assert tensors
    # ResNets and GoogLeNet keep `fc` whole, as the first layer of the new `fc`.
    after = {
        name.replace("fc.0.", "fc."): id(tensor)
        for name, tensor in [*net.named_parameters(), *net.named_buffers()]
    }
    kept = {name for name, tensor in before.items() if after.get(name) == tensor}
    assert set(before) - kept == FRESH.get((backbone, architecture), set())


@NETWORKS
def test_the_output_is_one_value_a_class(backbone: str, architecture: str) -> None:
    net = on_meta(backbone, architecture)
    assert forward_on_meta(net, 2, 224).shape == (2, 219)


@pytest.mark.parametrize(("architecture", "dim"), [("softmax_output", 0), ("softmax_classes", 1)])
def test_softmax_edits_sum_to_1(architecture: str, dim: int) -> None:
    net = SimpleNamespace(classifier=nn.Sequential(nn.Linear(6, 4)))
    EDITS[architecture].apply(net)
    sums = net.classifier(torch.randn(5, 6, generator=torch.Generator().manual_seed(0))).sum(dim)
    torch.testing.assert_close(sums, torch.ones_like(sums))
    for backbone in EDITS[architecture].backbones:
        last = on_meta(backbone, architecture).classifier[-1]
        assert (type(last), last.dim) == (nn.Softmax, dim)


@NETWORKS
def test_minimum_size_is_the_smallest_that_trains(backbone: str, architecture: str) -> None:
    net, side = on_meta(backbone, architecture), needs.minimum_size(backbone, architecture)
    # The last batch of an epoch may hold a single photo.
    for photos in (1, 2):
        assert forward_on_meta(net, photos, side).shape == (photos, 219)
    with pytest.raises((RuntimeError, ValueError), match=r"Output size is too small|more than 1 value"):
        forward_on_meta(net, 1, side - 1)


# --- describe ---------------------------------------------------------------------------------------


@NETWORKS
def test_describe_counts_every_layer(backbone: str, architecture: str) -> None:
    net = on_meta(backbone, architecture)
    *rows, total = build.describe(net).splitlines()
    layers = {name: layer for name, layer in net.named_modules() if not list(layer.children())}
    assert [row.split()[0] for row in rows] == list(layers)
    counts = [int(row.split()[-1].replace(",", "")) for row in rows]
    assert counts == [sum(p.numel() for p in layer.parameters()) for layer in layers.values()]
    for row, layer in zip(rows, layers.values(), strict=True):
        assert str(layer) in row
    assert total.split() == ["trainable", "parameters", f"{PARAMETERS[backbone, architecture]:,}"]
    assert sum(counts) == PARAMETERS[backbone, architecture]
    assert len({len(row) for row in [*rows, total]}) == 1


# --- weight files -----------------------------------------------------------------------------------

LIGHT = ("googlenet", "resnet34")
CLASSES = ["a", "b", "c", "d", "e"]


def photos() -> Tensor:
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@lru_cache
def weights(backbone: str) -> dict[str, Tensor]:
    """Return a torchvision state dict whose running statistics were moved by one batch."""
    torch.manual_seed(0)
    net = (
        torchvision.models.get_model(backbone, weights=None, init_weights=False, aux_logits=False)
        if (backbone == "googlenet")
        else torchvision.models.get_model(backbone, weights=None)
    )
    with torch.no_grad():
        net.train()(photos())
    return net.state_dict()


def about(backbone: str, architecture: str = ORIGINAL) -> dict[str, Any]:
    return {"backbone": backbone, "architecture": architecture, "classes": CLASSES}


def torchvisions(backbone: str, **options: Any) -> nn.Module:
    """Return torchvision's own network with the weights above."""
    if backbone == "googlenet":
        options = {"aux_logits": False, "transform_input": True, "init_weights": False} | options
    net = torchvision.models.get_model(backbone, weights=None, **options)
    net.load_state_dict(weights(backbone))
    return net.eval()


@torch.no_grad()
def outputs(net: nn.Module) -> Tensor:
    return net.eval()(photos())


@pytest.fixture(scope="module")
def pretrained_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("weights")
    for backbone in LIGHT:
        weight_files.write_weights(folder / f"{backbone}.safetensors", weights(backbone), {"from": backbone})
    return {backbone: folder / f"{backbone}.safetensors" for backbone in LIGHT}


@pytest.mark.parametrize("backbone", LIGHT)
def test_weights_come_back_bit_for_bit(backbone: str, pretrained_files: dict[str, Path]) -> None:
    state, read_about = weight_files.read_weights(pretrained_files[backbone])
    assert read_about == {"from": backbone}
    assert sorted(state) == sorted(weights(backbone))
    for name, tensor in weights(backbone).items():
        assert state[name].dtype == tensor.dtype
        assert torch.equal(state[name], tensor)


@pytest.mark.parametrize("backbone", LIGHT)
def test_a_pretrained_network_is_torchvisions(backbone: str, pretrained_files: dict[str, Path]) -> None:
    net = build.pretrained(backbone, pretrained_files[backbone])
    assert torch.equal(outputs(net), outputs(torchvisions(backbone)))
    assert all(p.requires_grad and p.device.type == "cpu" for p in net.parameters())


def test_googlenet_transforms_its_input(pretrained_files: dict[str, Path]) -> None:
    net = build.pretrained("googlenet", pretrained_files["googlenet"])
    assert not torch.equal(outputs(net), outputs(torchvisions("googlenet", transform_input=False)))


@pytest.mark.parametrize("backbone", LIGHT)
def test_a_trained_network_is_restored_bit_for_bit(backbone: str, tmp_path: Path) -> None:
    net = torchvisions(backbone)
    net.fc = nn.Sequential(net.fc, nn.ReLU(), nn.Linear(1000, len(CLASSES)))
    weight_files.write_weights(tmp_path / "run.safetensors", net.state_dict(), about(backbone))
    restored, read_about = build.restore(tmp_path / "run.safetensors")
    assert read_about == about(backbone)
    assert not restored.training
    with torch.no_grad():
        assert torch.equal(restored(photos()), outputs(net))
    assert all(p.requires_grad and p.device.type == "cpu" for p in restored.parameters())


def test_restore_repeats_the_architecture_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit = edits.Edit(lambda net: net.fc.append(nn.Softmax(dim=1)), backbones=("googlenet",))
    monkeypatch.setitem(EDITS, "softmax_fc", edit)
    net = build.adapt(torchvisions("googlenet"), "googlenet", "softmax_fc", len(CLASSES))
    path = tmp_path / "run.safetensors"
    weight_files.write_weights(path, net.state_dict(), about("googlenet", "softmax_fc"))
    restored = outputs(build.restore(path)[0])
    assert torch.equal(restored, outputs(net))
    torch.testing.assert_close(restored.sum(1), torch.ones(2))


def test_training_on_leaves_the_file_as_it_is(pretrained_files: dict[str, Path]) -> None:
    path = pretrained_files["googlenet"]
    before = path.read_bytes()
    net = build.pretrained("googlenet", path)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(1)
    assert path.read_bytes() == before


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


def assert_refused(path: Path, read: Any) -> None:
    with pytest.raises(UserError) as raised:
        read()
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def small_file(folder: Path) -> bytes:
    weight_files.write_weights(
        folder / "good.safetensors", {"a": torch.ones(100), "b": torch.ones(9)}, about("vgg11")
    )
    return (folder / "good.safetensors").read_bytes()


@pytest.mark.parametrize("length", [0, 4, 8, 100, -300, -1])
def test_a_truncated_file_is_refused(length: int, tmp_path: Path) -> None:
    path = tmp_path / "short.safetensors"
    path.write_bytes(small_file(tmp_path)[:length])
    assert_refused(path, lambda: weight_files.read_weights(path))
    assert_refused(path, lambda: build.restore(path))


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_are_refused(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "noise.safetensors"
    generator = torch.Generator().manual_seed(seed)
    path.write_bytes(bytes(torch.randint(0, 256, (2000,), generator=generator).tolist()))
    assert_refused(path, lambda: weight_files.read_weights(path))


def test_surplus_bytes_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "long.safetensors").write_bytes(small_file(tmp_path) + b"\0")
    (tmp_path / "folder.safetensors").mkdir()
    for name in ("long", "folder", "missing"):
        path = tmp_path / f"{name}.safetensors"
        assert_refused(path, lambda path=path: weight_files.read_weights(path))


@pytest.mark.parametrize(("backbone", "other"), [("googlenet", "resnet34"), ("alexnet", "googlenet")])
def test_weights_of_another_backbone_are_refused(
    backbone: str, other: str, pretrained_files: dict[str, Path]
) -> None:
    path = pretrained_files[other]
    assert_refused(path, lambda: build.pretrained(backbone, path))


@pytest.mark.parametrize("change", ["missing", "surplus", "shape"])
def test_a_tensor_that_does_not_fit_is_refused(change: str, tmp_path: Path) -> None:
    state = dict(weights("googlenet"))
    if change == "missing":
        del state["conv1.conv.weight"]
    elif change == "surplus":
        state["conv1.conv.bias"] = torch.zeros(64)
    else:
        state["fc.weight"] = torch.zeros(999, 1024)
    path = tmp_path / "odd.safetensors"
    with torch.device("meta"):
        net = build.untouched("googlenet")
    assert_refused(path, lambda: build.load_state(net, state, path))


@pytest.mark.parametrize(
    "header",
    [
        {},
        about("no_such_backbone"),
        about("googlenet", "no_such_edit"),
        about("googlenet") | {"classes": None},
        ["not", "a", "table"],
    ],
)
def test_a_file_that_is_not_of_a_run_cannot_be_restored(header: Any, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    weight_files.write_weights(path, {"a": torch.ones(2)}, header)
    assert_refused(path, lambda: build.restore(path))


@NETWORKS
def test_sizes_by_which_runs_are_ordered(backbone: str, architecture: str) -> None:
    """In millions, with the 1000 outputs of a pretrained network and the edit's change of one of 219."""
    original = build.trainable_parameters(torchvisions_on_meta(backbone))
    change = PARAMETERS[backbone, architecture] - PARAMETERS[backbone, ORIGINAL]
    assert needs.parameters(backbone, architecture) == round(original / 1e6) + round(change / 1e6)


def torchvisions_on_meta(backbone: str) -> nn.Module:
    with torch.device("meta"):
        return build.untouched(backbone)
