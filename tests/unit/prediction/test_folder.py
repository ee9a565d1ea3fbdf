"""An export: what stands in its folder, that all forms compute the same, and that it needs none of this."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from flowers import Flowers
from huggingface_hub import ModelCard
from PIL import Image
from scipy import special
from sklearn.metrics import accuracy_score, f1_score

from ablation.photos import pack
from ablation.prediction import exporting, folder, trained
from ablation.prediction.classifier import Classifier
from ablation.results import calibration
from ablation.running.errors import UserError

# Importing PyTorch, or anything of this project, raises: as where neither is installed.
ALONE = """
import runpy, sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "torchvision", "timm", "ablation", "onnx", "scipy", "safetensors"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
script, *sys.argv[1:] = sys.argv[1:]
runpy.run_path(script, run_name="__main__")
assert "torch" not in sys.modules
"""


def alone(script: Path, photos: list[Path]) -> list[tuple[str, str, float]]:
    """What the script in an export says of photos, without this program and PyTorch."""
    command = [sys.executable, "-I", "-c", ALONE, str(script), *map(str, photos)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    cells = [line.split("\t") for line in told.stdout.splitlines()]
    return [(name, category, float(confidence)) for name, category, confidence in cells]


def expected(flowers: Flowers) -> np.ndarray:
    """The calibrated probabilities of the photos that validate."""
    run = flowers.runs["crop"]
    index = pack.load_index(run.pack)
    temperature = calibration.temperature(run.outputs(), index.labels[~index.training])
    return special.softmax(run.outputs().astype(np.float64) / temperature, 1)


def test_what_is_in_it(exported: Path) -> None:
    assert sorted(path.name for path in exported.iterdir()) == sorted(
        ["README.md", "model.onnx", "model.pt2", "predict_onnx.py", "weights.safetensors"]
    )
    lines = (exported / "predict_onnx.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 24


@pytest.mark.parametrize("count", [1, 2, 6])
def test_onnx_has_the_runs_probabilities(exported: Path, flowers: Flowers, count: int) -> None:
    """Of any number of photos, of uint8, and calibrated."""
    onnx.checker.check_model(exported / "model.onnx", full_check=True)
    packed = pack.load(flowers.runs["crop"].pack)
    session = onnxruntime.InferenceSession(exported / "model.onnx")
    (given,), (made,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.type, given.shape[1:]) == ("photos", "tensor(uint8)", [64, 64, 3])
    assert (made.name, made.type, made.shape[1:]) == ("probabilities", "tensor(float)", [3])
    (found,) = session.run(None, {"photos": packed.photos[~packed.training][:count]})
    np.testing.assert_allclose(found, expected(flowers)[:count], rtol=0, atol=1e-5)
    about = json.loads(session.get_modelmeta().custom_metadata_map["about"])
    assert about["classes"] == packed.categories
    assert (about["size"], about["resize"], about["interpolation"]) == (64, "crop", "bicubic")


def test_torch_export_has_them(exported: Path, flowers: Flowers) -> None:
    packed = pack.load(flowers.runs["crop"].pack)
    module = torch.export.load(exported / "model.pt2").module()
    for count in (1, 6):
        found = module(torch.from_numpy(packed.photos[~packed.training][:count])).detach().numpy()
        np.testing.assert_allclose(found, expected(flowers)[:count], rtol=0, atol=1e-5)


def test_the_weights_have_the_temperature(exported: Path, flowers: Flowers) -> None:
    one = trained.load(exported)
    photos = pack.load(flowers.runs["crop"].pack)
    validation = torch.from_numpy(photos.photos[~photos.training])
    np.testing.assert_allclose(
        Classifier(one)(validation).detach().numpy(), expected(flowers), rtol=0, atol=1e-5
    )
    assert one.temperature != 1.0


def test_the_script_says_the_same_without_this_program(exported: Path, flowers: Flowers) -> None:
    """Of every photo that validates but those with transparency, which it does not heed."""
    chosen = [
        (file, row)
        for file, row in zip(flowers.files, expected(flowers), strict=True)
        if not Path(file).name.startswith(("c", "e"))
    ]
    told = alone(exported / "predict_onnx.py", [flowers.photos / file for file, _ in chosen])
    classes = trained.load(exported).classes
    assert len(told) == len(chosen) >= 2
    for (file, row), (name, category, confidence) in zip(chosen, told, strict=True):
        assert name == str(flowers.photos / file)
        assert category == classes[row.argmax()]
        assert confidence == pytest.approx(row.max(), abs=1e-5)


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
def test_the_script_refuses_what_it_would_cut_off(exported: Path, tmp_path: Path, kind: type) -> None:
    Image.fromarray(np.full((8, 8), 300, dtype=kind)).save(tmp_path / "deep.tiff")
    command = [sys.executable, str(exported / "predict_onnx.py"), "deep.tiff"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "deep.tiff has more than 8 bits a channel: convert it first\n"


def test_the_card_is_hugging_faces_and_says_what_was_measured(exported: Path, flowers: Flowers) -> None:
    card = ModelCard.load(exported / "README.md")
    run = flowers.runs["crop"]
    index = pack.load_index(run.pack)
    true, guessed = index.labels[~index.training], run.outputs().argmax(1)
    figures = {one.metric_type: one.metric_value for one in card.data.eval_results}
    assert figures == {
        "accuracy": pytest.approx(accuracy_score(true, guessed)),
        "f1": pytest.approx(f1_score(true, guessed, average="macro", zero_division=0)),
    }
    assert (card.data.pipeline_tag, card.data.library_name) == ("image-classification", "pytorch")
    text = card.text
    for part in (
        "# squeezenet1_1 on flowers",
        f"On the {len(true)} validation photos",
        "95% interval",
        "expected calibration error",
        f"{index.training.sum()} photos trained it",
        index.manifest_sha256,
        "(crop, bicubic)",
        "## Recipe",
        "| batch size | 4 |",
        "| optimizer: learning rate | 0.001 |",
        "## Intended use",
        "## Limits",
        "2. rose",
    ):
        assert part in text, part
    assert "`model.onnx`: " in text
    assert f" on {len(true)} photos" in text


def test_all_of_it_is_checked_on_as_many_photos_as_there_are_up_to_100(flowers: Flowers) -> None:
    packed = pack.load(flowers.runs["crop"].pack)
    assert len(folder.some(packed)) == len(flowers.files)
    rows = np.arange(250, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 1, 3), np.uint8)
    many = replace(packed, training=np.arange(250) % 2 == 0, photos=rows)
    chosen = folder.some(many)[:, 0, 0, 0].tolist()
    assert len(set(chosen)) == 100
    assert {number % 2 for number in chosen} == {1}
    assert (chosen[0], chosen[-1]) == (1, 249)


def test_a_file_that_computes_something_else_is_no_export(
    flowers: Flowers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = exporting.of_onnx
    monkeypatch.setattr(
        exporting, "of_onnx", lambda path: lambda photos: real(path)(photos) * np.float32(0.9)
    )
    run = flowers.runs["crop"]
    with pytest.raises(UserError, match=r"model\.onnx computes something else than PyTorch"):
        folder.write(run.folder, pack.load(run.pack), "flowers", tmp_path / "export")
    assert list(tmp_path.iterdir()) == []


def test_a_pack_of_another_size_is_refused(flowers: Flowers, tmp_path: Path) -> None:
    run, other = flowers.runs["crop"], pack.load(flowers.runs["squash"].pack)
    with pytest.raises(UserError, match=r"photos have 48 pixels a side, and the run's 64"):
        folder.write(run.folder, other, "flowers", tmp_path / "export")


def test_a_network_that_cannot_be_a_graph_is_told_in_one_line(flowers: Flowers) -> None:
    one = trained.load(flowers.runs["crop"].folder)

    class Branches(torch.nn.Module):
        def forward(self, photos: torch.Tensor) -> torch.Tensor:
            return photos.flatten(1)[:, :3] if photos.sum() > 0 else photos.flatten(1)[:, 3:6]

    with pytest.raises(UserError, match=r"cannot write this network as torch\.export \(") as caught:
        exporting.exported(Classifier(replace(one, net=Branches())), 64)
    assert "\n" not in str(caught.value)
