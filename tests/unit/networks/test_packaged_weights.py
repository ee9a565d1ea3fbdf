"""Weights that a package carries: converted by name, against the package's own network."""

from __future__ import annotations

import shutil
import sys
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from efficientnet_lite_pytorch import EfficientNet
from matplotlib import cbook
from PIL import Image
from torch import Tensor, nn
from weights import assert_refused

from ablation.networks import build, packaged_weights, packages, weight_files
from ablation.networks.packages import PACKAGES

LITE = "tf_efficientnet_lite0"
MILITARY_UNIFORM = 652  # of ImageNet's classes


def name_of_theirs(backbone: str) -> str:
    return backbone.removeprefix("tf_").replace("_", "-")


def theirs(backbone: str) -> nn.Module:
    """The network of efficientnet-lite-pytorch with the weights of its package."""
    path = packages.weight_file(backbone)
    return EfficientNet.from_pretrained(name_of_theirs(backbone), weights_path=str(path)).eval()


def ours(backbone: str, folder: Path) -> nn.Module:
    """Our network, from the weight file that a run would start from."""
    weight_files.write_weights(folder / "w.safetensors", packaged_weights.read_packaged(backbone), {})
    return build.pretrained(backbone, folder / "w.safetensors").eval()


@lru_cache
def photo(backbone: str) -> Tensor:
    """A photo of a woman in a navy uniform, as the weights expect it: 1 x 3 x size x size."""
    expected = packaged_weights.expected_input(backbone)
    with cbook.get_sample_data("grace_hopper.jpg") as file, Image.open(file) as image:
        small = image.convert("RGB").resize(
            (expected.size,) * 2, Image.Resampling[expected.interpolation.upper()]
        )
    values = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None] / 255
    mean, std = (torch.tensor(value).view(1, 3, 1, 1) for value in (expected.mean, expected.std))
    return (values - mean) / std


@torch.no_grad()
@pytest.mark.parametrize("backbone", PACKAGES)
def test_outputs_are_those_of_the_packages_own_network(backbone: str, tmp_path: Path) -> None:
    net, size = ours(backbone, tmp_path), packaged_weights.expected_input(backbone).size
    noise = torch.randn(3, 3, size, size, generator=torch.Generator().manual_seed(0))
    for batch in (photo(backbone), noise, noise[:1] * 0.1):
        torch.testing.assert_close(net(batch), theirs(backbone)(batch), rtol=0, atol=1e-4)
    probabilities = net(photo(backbone)).softmax(1)[0]
    assert int(probabilities.argmax()) == MILITARY_UNIFORM
    assert float(probabilities.max()) > 100 / 1000  # a hundred times what chance gives


def test_input_is_pixels_less_127_in_units_of_128() -> None:
    expected = packaged_weights.expected_input(LITE)
    pixels = torch.tensor([0.0, 127.0, 255.0])
    ours = (pixels / 255 - expected.mean[0]) / expected.std[0]
    torch.testing.assert_close(ours, (pixels - 127) / 128)
    for backbone, size in zip(PACKAGES, (224, 240, 260), strict=True):
        assert packaged_weights.expected_input(backbone).size == size
        assert EfficientNet.get_image_size(name_of_theirs(backbone)) == size


def test_names_and_order_agree() -> None:
    """Mapped by name, the tensors stand in timm's order, with its shapes and types, and none is left over."""
    before = torch.load(packages.weight_file(LITE), weights_only=True)
    wanted = timm.create_model(LITE).state_dict()
    found = packaged_weights.renamed(before, list(wanted))
    assert len(found) == 296
    assert list(found) == list(wanted)
    for name, after, value in zip(wanted, found.values(), before.values(), strict=True):
        assert (after.shape, after.dtype) == (wanted[name].shape, wanted[name].dtype)
        assert after is value


@pytest.mark.parametrize("backbone", PACKAGES)
def test_all_names_of_the_larger_ones_have_their_place(backbone: str) -> None:
    """By the package's own network, as their weights need not be installed."""
    with torch.device("meta"):
        before = EfficientNet.from_name(name_of_theirs(backbone)).state_dict()
        wanted = timm.create_model(backbone).state_dict()
    found = packaged_weights.renamed(before, list(wanted))
    assert {name: value.shape for name, value in found.items()} == {
        name: value.shape for name, value in wanted.items()
    }


@pytest.mark.parametrize("backbone", PACKAGES)
def test_a_package_that_is_not_installed_is_named(backbone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    assert_refused(
        lambda: packages.weight_file(backbone), backbone, f"pip install {PACKAGES[backbone].requirement}"
    )


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a copy of the installed package, found first."""
    installed = metadata.distribution(PACKAGES[LITE].distribution)
    for file in installed.files or []:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(installed.locate_file(file)), tmp_path / file)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_another_version_is_named(copy: Path) -> None:
    (path,) = copy.glob("*.dist-info/METADATA")
    path.write_text(
        path.read_text(encoding="utf-8").replace("Version: 0.1.0", "Version: 0.2.0"), encoding="utf-8"
    )
    assert_refused(lambda: packages.weight_file(LITE), "0.2.0", f"pip install {PACKAGES[LITE].requirement}")


@pytest.mark.parametrize("change", ["missing", "cut short", "altered"])
def test_a_damaged_file_is_named(change: str, copy: Path) -> None:
    path = copy / PACKAGES[LITE].file
    assert packages.weight_file(LITE) == path
    content = bytearray(path.read_bytes())
    if change == "missing":
        path.unlink()
    else:
        content[-100] ^= 1
        path.write_bytes(content[:-1] if change == "cut short" else content)
    assert_refused(
        lambda: packages.weight_file(LITE), str(path), "--force-reinstall", PACKAGES[LITE].requirement
    )


def test_none_of_the_packages_code_runs(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = Path(PACKAGES[LITE].file).parts[0]
    monkeypatch.delitem(sys.modules, module, raising=False)
    (copy / module / "__init__.py").write_text("raise SystemExit('it ran')", encoding="utf-8")
    assert len(packaged_weights.read_packaged(LITE)) == 296
    assert module not in sys.modules
