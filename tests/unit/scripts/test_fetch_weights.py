"""The script that fetches published weights, with the hub that HF_ENDPOINT names."""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
import torch
import torchvision
from hub_server import COMMIT, Hub, running
from stages import run
from states import assert_same, with_auxiliary_heads

from ablation.networks import packaged_weights, weight_files

NETWORK = "tf_efficientnet_lite0"
NAME = f"{NETWORK}.in1k"


def test_timms_weights_come_from_the_hub_and_then_from_its_cache(tmp_path: Path) -> None:
    wanted = packaged_weights.read_packaged(NETWORK)
    content = safetensors.torch.save({name: value.contiguous() for name, value in wanted.items()})
    hub, outputs = Hub(f"timm/{NAME}", content), [tmp_path / f"{name}.safetensors" for name in "ab"]

    def fetch(output: Path) -> tuple[int, str]:
        ended = run(
            *("fetch_weights", "--backbone", NETWORK, "--timm", NAME, "--output", output),
            *("--revision", COMMIT, "--sha256", hub.sha256),
            HF_ENDPOINT=hub.url,
            HF_HOME=str(tmp_path / "cache"),
            no_proxy="*",
        )
        return ended.returncode, ended.stdout + ended.stderr

    with running(hub):
        assert fetch(outputs[0]) == (0, "")
    assert fetch(outputs[1]) == (0, "")  # without a network
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    state, about = weight_files.read_weights(outputs[0])
    assert_same(state, wanted)
    assert (about["source"], about["revision"], about["sha256"]) == (NAME, COMMIT, hub.sha256)


def test_torchvisions_file_in_the_cache_is_checked(tmp_path: Path) -> None:
    url = torchvision.models.get_model_weights("googlenet")["IMAGENET1K_V1"].url
    cached, output = tmp_path / "hub/checkpoints" / Path(url).name, tmp_path / "w.safetensors"
    cached.parent.mkdir(parents=True)
    torch.save(with_auxiliary_heads(), cached)
    arguments = ("--backbone", "googlenet", "--torchvision", "IMAGENET1K_V1", "--output", output)
    ended = run("fetch_weights", *arguments, TORCH_HOME=str(tmp_path))
    assert ended.stderr == f"error: {cached} was altered or cut short: delete it and run again\n"
    assert not output.exists()
