"""From a backbone's name to a network: built, loaded from a weight file, given its head and its edit."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor, nn

from ablation.networks.backbones import BACKBONES, library
from ablation.networks.edits import EDITS, ORIGINAL
from ablation.networks.heads import HEADS
from ablation.networks.messages import first_line, listed
from ablation.networks.weight_files import read_weights
from ablation.running.errors import UserError


def untouched(backbone: str) -> nn.Module:
    """Return the torchvision network with its 1000 outputs, freshly initialised."""
    if library(backbone) == "timm":
        # Here, as it takes a second, which the others need not pay.
        import timm

        timms: nn.Module = timm.create_model(backbone.removeprefix("timm/"), pretrained=False)
        return timms
    with warnings.catch_warnings():
        # GoogLeNet warns that its initialisation may become faster some day.
        warnings.simplefilter("ignore", FutureWarning)
        net: nn.Module = torchvision.models.get_model(backbone, weights=None, **BACKBONES[backbone].options)
    return net


def pretrained(backbone: str, weights: Path | None) -> nn.Module:
    """Return the torchvision network with its 1000 outputs, from a weight file or freshly initialised."""
    if weights is None:
        return untouched(backbone)
    # On the meta device no memory is filled with random numbers only to be overwritten.
    with torch.device("meta"):
        net = untouched(backbone)
    load_state(net, read_weights(weights)[0], weights)
    return net


def without_auxiliary_heads(backbone: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Leave out GoogLeNet's auxiliary heads, which torchvision's file carries and its network drops."""
    if backbone != "googlenet":
        return state
    return {name: value for name, value in state.items() if not name.startswith(("aux1.", "aux2."))}


def adapt(net: nn.Module, backbone: str, architecture: str, classes: int) -> nn.Module:
    """Replace the head for `classes` outputs, then apply the architecture edit (in place)."""
    HEADS[BACKBONES[backbone].head](net, classes)
    if architecture != ORIGINAL:
        EDITS[architecture].apply(net)
    return net


def require_fit(backbone: str, state: dict[str, Tensor], source: Path | str, remedy: str) -> None:
    """Raise UserError, which ends with `remedy`, unless a state dict fits the backbone with 1000 outputs."""
    # On the meta device a network takes no memory.
    with torch.device("meta"):
        net = untouched(backbone)
    load_state(net, state, source, remedy)


def load_state(net: nn.Module, state: dict[str, Tensor], source: Path | str, remedy: str = "") -> None:
    """Put a state dict into a network, refusing missing, surplus or misshapen tensors."""
    try:
        net.load_state_dict(state, strict=True, assign=True)
    except RuntimeError as error:
        reason = misfit(net.state_dict(), state) or first_line(error)
        end = f": {remedy}" if remedy else ""
        raise UserError(f"{source} does not fit {type(net).__name__} ({reason}){end}") from error


def misfit(wanted: dict[str, Tensor], given: dict[str, Tensor]) -> str:
    """Return in a few words how the tensors of a state dict are not those of a network."""
    # Batch norm's counter may be missing: older files have none.
    missing = [name for name in wanted if name not in given and not name.endswith("num_batches_tracked")]
    surplus = [name for name in given if name not in wanted]
    misshapen = [
        f"{name} ({shape(given[name])} in place of {shape(wanted[name])})"
        for name in wanted
        if name in given and given[name].shape != wanted[name].shape
    ]
    kinds = {"missing": missing, "surplus": surplus, "of another shape": misshapen}
    return "; ".join(f"{kind}: {listed(names)}" for kind, names in kinds.items() if names)


def shape(tensor: Tensor) -> str:
    """Return a tensor's shape as text: 64 x 3 x 7 x 7."""
    return " x ".join(map(str, tensor.shape)) or "a single value"


def restore(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """Rebuild the trained network of a run from its weight file, in evaluation mode."""
    state, about = read_weights(path)
    if not (
        isinstance(about, dict)
        and about.get("backbone") in BACKBONES
        and about.get("architecture") in (ORIGINAL, *EDITS)
        and isinstance(about.get("classes"), list)
    ):
        raise UserError(f"{path} is not the weight file of a run of this version: name one, or run again")
    with torch.device("meta"):
        net = adapt(
            untouched(about["backbone"]), about["backbone"], about["architecture"], len(about["classes"])
        )
    load_state(net, state, path)
    return net.eval(), about


def trainable_parameters(net: nn.Module) -> int:
    """Return the number of trainable values."""
    return sum(parameter.numel() for parameter in net.parameters() if parameter.requires_grad)


def describe(net: nn.Module) -> str:
    """Return the network as text: one line for each layer with its trainable parameters, and the sum."""
    rows = [
        (name, str(layer), trainable_parameters(layer))
        for name, layer in net.named_modules()
        if not any(layer.children())
    ]
    widths = (max(len(row[0]) for row in rows), max(len(row[1]) for row in rows))
    lines = [f"{name:<{widths[0]}}  {layer:<{widths[1]}}  {count:>11,}" for name, layer, count in rows]
    total = f"{'trainable parameters':<{sum(widths) + 2}}  {trainable_parameters(net):>11,}"
    return "\n".join([*lines, total]) + "\n"
