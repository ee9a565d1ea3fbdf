"""Weight files of the user's own, read without trusting them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeGuard

import torch
from torch import Tensor

from ablation.networks.build import require_fit, to_fill, untouched, without_auxiliary_heads
from ablation.networks.messages import listed
from ablation.networks.weight_files import read_safetensors
from ablation.running import console
from ablation.running.errors import UserError

ADVICE = "save it with torch.save(net.state_dict(), path)"
# What DataParallel and torch.compile put before the names of the network in them.
WRAPPERS = {"module", "_orig_mod"}


def read_given(path: Path, backbone: str) -> dict[str, Tensor]:
    """Return a user's state dict (.pth or .safetensors), checked to fit the backbone with 1000 outputs.

    A .pth file is read without executing code; it may also be a checkpoint with one state dict among its
    entries. Raises UserError if the file is unreadable or does not fit.
    """
    if path.suffix == ".safetensors":
        state = read_safetensors(path, "replace it by a good copy")[0]
    else:
        try:
            found = torch.load(path, map_location="cpu", weights_only=True)
        except OSError as error:
            raise UserError(f"cannot read {path} ({error})") from error
        except Exception as error:  # on a foreign file torch's unpickler raises nearly anything
            raise UserError(f"{path} is not a readable state dict: {ADVICE}") from error
        state = state_dict_in(found, path)
    net = to_fill(lambda: untouched(backbone))
    kinds = {name: value.dtype for name, value in net.state_dict().items()}
    state = without_auxiliary_heads(backbone, unwrapped(state, kinds, path))
    remedy = "of other classes, give the ImageNet weights that it began from"
    require_fit(backbone, state, path, f"it takes {backbone} with 1000 outputs; {remedy}")
    return {name: value.to(kinds[name]) for name, value in state.items()}


def state_dict_in(found: Any, path: Path) -> dict[str, Tensor]:
    """Return what a file holds if it is a state dict, or the only one among the entries of a checkpoint."""
    if is_state_dict(found):
        return found
    entries = [str(key) for key, value in found.items() if is_state_dict(value)] if is_dict(found) else []
    if len(entries) > 1:
        raise UserError(
            f"{path} holds several state dicts ({listed(entries)}): save one of them alone, with "
            f"torch.save(checkpoint[{entries[0]!r}], path)"
        )
    if not entries:
        raise UserError(f"{path} is not a state dict: {ADVICE}")
    console.line(f"of {path}, a checkpoint, {entries[0]!r} is taken")
    return next(value for value in found.values() if is_state_dict(value))


def is_dict(value: Any) -> TypeGuard[dict[Any, Any]]:
    """Tell whether a value is a dictionary with something in it."""
    return isinstance(value, dict) and len(value) > 0


def is_state_dict(value: Any) -> TypeGuard[dict[str, Tensor]]:
    """Tell whether a value is a dictionary of names and tensors."""
    return is_dict(value) and all(
        isinstance(name, str) and isinstance(one, Tensor) for name, one in value.items()
    )


def unwrapped(state: dict[str, Tensor], wanted: Collection[str], path: Path) -> dict[str, Tensor]:
    """Return a state dict without the names of wrappers, around the network (module.fc) or parts of it.

    What the network itself (`wanted`) calls so is left.
    """
    wrappers = WRAPPERS - {part for name in wanted for part in name.split(".")}
    found: dict[str, Tensor] = {}
    for name, tensor in state.items():
        short = ".".join(part for part in name.split(".") if part not in wrappers)
        if short in found:
            raise UserError(
                f"{path} has {short} twice, with and without a wrapper's name before it: {ADVICE}"
            )
        found[short] = tensor
    if found.keys() != state.keys():
        console.line(f"of {path}, the names are taken without {' and '.join(sorted(wrappers))}")
    return found
