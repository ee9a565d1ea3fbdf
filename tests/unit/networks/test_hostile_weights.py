"""Hostile weights: no traceback, no hang, nothing half made and nothing executed."""

from __future__ import annotations

import hashlib
import io
import pickle
from pathlib import Path

import pytest
import torch
import torchvision
from hostile import _no_hang, refused  # noqa: F401
from weights import Touch

from ablation.networks import published_weights


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_downloaded_weights_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: bool, zipped: bool
) -> None:
    marker = tmp_path / "pwned"
    state = {"conv1.conv.weight": Touch(marker)}
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue() if zipped else pickle.dumps(state, 2)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    site = tmp_path / "torch/hub/checkpoints" if cached else tmp_path / "site"
    site.mkdir(parents=True)
    path = site / f"googlenet-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    path.write_bytes(content)
    value = torchvision.models.get_model_weights("googlenet")["IMAGENET1K_V1"].value
    monkeypatch.setattr(value, "url", path.as_uri())
    refused(lambda: published_weights.fetch("googlenet", "IMAGENET1K_V1"), str(path))
    assert not marker.exists()
    pickle.loads(pickle.dumps(state, 2))
    assert marker.exists()
