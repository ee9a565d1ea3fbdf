"""Published weights, as torchvision fetches them."""

from __future__ import annotations

import http.client
import pickle
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor

from ablation.networks.build import require_fit, without_auxiliary_heads
from ablation.networks.messages import first_line
from ablation.networks.preprocessing import of_torchvisions
from ablation.running.errors import UserError
from ablation.running.files import sha256


def about(backbone: str, version: str) -> dict[str, Any]:
    """Return what the weight file of a version is told to be, with what it expects of its input."""
    weights = torchvision.models.get_model_weights(backbone)[version]
    return {"backbone": backbone, "source": version, "input": of_torchvisions(weights).to_dict()}


def fetch(backbone: str, version: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return torchvision's published state dict of a version, its checksum checked, and what is told of it.

    The file stays in torch's own cache (TORCH_HOME). Raises UserError if there is no such version or it
    cannot be fetched.
    """
    versions = torchvision.models.get_model_weights(backbone)
    if version not in versions.__members__:
        raise UserError(f"{backbone} has no weights {version!r}; one of: {', '.join(versions.__members__)}")
    url = versions[version].url
    cached = Path(torch.hub.get_dir(), "checkpoints", Path(url).name)
    # The name ends in the hash's first digits, which torch.hub compares only after a download.
    digits = cached.stem.rpartition("-")[2]
    if cached.exists() and not sha256(cached).startswith(digits):
        raise UserError(f"{cached} was altered or cut short: delete it and run again")
    try:
        state = versions[version].get_state_dict(progress=False, check_hash=True, weights_only=True)
    except (
        OSError,
        RuntimeError,
        ValueError,
        EOFError,
        LookupError,  # the weights-only unpickler's words for a file that is no pickle
        http.client.HTTPException,
        pickle.UnpicklingError,
    ) as error:
        remedy = f"delete {cached}" if cached.exists() else "check the connection, or choose other weights"
        raise UserError(f"cannot fetch {url} ({first_line(error)}): {remedy}") from error
    state = without_auxiliary_heads(backbone, state)
    # Some versions are of other sizes of a network, as are some of ViT's, which end in SWAG_E2E_V1.
    require_fit(backbone, state, url, "choose another version")
    return state, about(backbone, version) | {"sha256": sha256(cached)}
