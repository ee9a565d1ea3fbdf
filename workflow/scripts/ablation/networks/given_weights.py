"""Weight files of the user's own, read without trusting them."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ablation.networks.build import load_state, untouched, without_auxiliary_heads
from ablation.networks.weight_files import read_safetensors
from ablation.running.errors import UserError


def read_given(path: Path, backbone: str) -> dict[str, Tensor]:
    """Return a user's state dict (.pth or .safetensors), checked to fit the backbone with 1000 outputs.

    A .pth file is read without executing code. Raises UserError if it is unreadable or does not fit.
    """
    advice = "save it with torch.save(net.state_dict(), path)"
    if path.suffix == ".safetensors":
        state = read_safetensors(path, "replace it by a good copy")[0]
    else:
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
        except OSError as error:
            raise UserError(f"cannot read {path} ({error})") from error
        except Exception as error:  # on a foreign file torch's unpickler raises nearly anything
            raise UserError(f"{path} is not a readable state dict: {advice}") from error
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in state.items()
    ):
        raise UserError(f"{path} is not a state dict: {advice}")
    state = without_auxiliary_heads(backbone, state)
    with torch.device("meta"):
        net = untouched(backbone)
    kinds = {name: value.dtype for name, value in net.state_dict().items()}
    load_state(net, state, path)
    return {name: value.to(kinds[name]) for name, value in state.items()}
