"""Which device a training takes, on machines that seem to have GPUs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ablation.running import environment
from ablation.running.errors import UserError
from ablation.training import device


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two GPUs, as the system and PyTorch show them."""
    for number in range(2):
        (tmp_path / f"nvidia{number}").touch()
    monkeypatch.setattr(environment, "DEVICES", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", lambda _: None)


def test_the_cpu_where_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environment, "DEVICES", tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.choose() == torch.device("cpu")


@pytest.mark.usefixtures("gpus")
@pytest.mark.parametrize(("rank", "number"), [(None, 0), ("0", 0), ("1", 1)])
def test_the_gpu_of_the_process(monkeypatch: pytest.MonkeyPatch, rank: str | None, number: int) -> None:
    if rank is not None:
        monkeypatch.setenv("LOCAL_RANK", rank)
    assert device.choose() == torch.device("cuda", number)


@pytest.mark.usefixtures("gpus")
def test_more_processes_than_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(UserError, match="this is process 3, but it sees 2 GPUs: set gpus to 2"):
        device.choose()


@pytest.mark.usefixtures("gpus")
def test_a_gpu_that_pytorch_cannot_use_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="update NVIDIA's driver"):
        device.choose()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert device.choose() == torch.device("cpu")
