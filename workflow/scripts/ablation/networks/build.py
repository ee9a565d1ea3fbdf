"""From a backbone's name to a network: built, loaded from a weight file, given its head and its edit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.vision_transformer import VisionTransformer, interpolate_embeddings

from ablation.networks import needs
from ablation.networks.backbones import TIMM, Backbone, exists, row_of
from ablation.networks.edits import EDITS, ORIGINAL
from ablation.networks.heads import HEADS
from ablation.networks.messages import first_line, listed
from ablation.networks.weight_files import read_weights
from ablation.running import plugins
from ablation.running.errors import UserError

# torchvision's files carry auxiliary heads, which its networks drop.
AUXILIARY = {"googlenet": ("aux1.", "aux2."), "inception_v3": ("AuxLogits.",)}


def untouched(name: str) -> nn.Module:
    """Return the network of torchvision or timm with all of its own outputs, freshly initialised."""
    return of_library(name, row_of(name))


def of_library(name: str, its: Backbone) -> nn.Module:
    """Return the network that a row describes, for photos of its usual size."""
    net: nn.Module
    if its.build is not None:
        net = its.build(**its.options)
        return net
    if its.library == "timm":
        # Here alone: it takes up to a second, and most studies have no network of it.
        import timm

        net = timm.create_model(name.removeprefix(TIMM), pretrained=False, **its.options)
        return net
    with warnings.catch_warnings():
        # GoogLeNet warns that its initialisation may become faster some day.
        warnings.simplefilter("ignore", FutureWarning)
        net = torchvision.models.get_model(name, weights=None, **its.options)
    return net


def to_fill(make: Callable[[], nn.Module]) -> nn.Module:
    """Return a network all of whose parameters a file will replace."""
    try:
        # On the meta device no memory is filled with random numbers only to be overwritten.
        with torch.device("meta"):
            net = make()
    except NotImplementedError:  # RegNets compute their widths with tensors
        return make()
    saved = net.state_dict().keys()
    # Some networks of timm also have tensors that no file has, as the places of a window's pixels.
    return net if all(name in saved for name, _ in net.named_buffers()) else make()


def pretrained(name: str, weights: Path | None) -> nn.Module:
    """Return the network with all of its own outputs, from a weight file or freshly initialised."""
    if weights is None:
        return untouched(name)
    net = to_fill(lambda: untouched(name))
    load_state(net, read_weights(weights)[0], weights)
    return net


def without_auxiliary_heads(name: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Leave out the auxiliary heads of GoogLeNet and Inception v3."""
    prefixes = AUXILIARY.get(name, ())
    return {key: value for key, value in state.items() if not key.startswith(prefixes)}


def adapt(
    net: nn.Module,
    name: str,
    architecture: str,
    classes: int,
    head: str = needs.REPORT,
    image_size: int | None = None,
) -> nn.Module:
    """Give a network its head for `classes` outputs, then its edit, and make it for its photos (in place).

    `image_size` is their side in pixels, the network's usual one if not given.
    """
    HEADS[needs.head(name, head)](net, classes)
    if architecture != ORIGINAL:
        EDITS[architecture].apply(net)
    if row_of(name).resized and image_size is not None:
        resize(net, image_size)
    return net


def can_be_resized(net: nn.Module) -> bool:
    """Tell whether `resize` can make a network for photos of another side."""
    return isinstance(net, VisionTransformer) or hasattr(net, "set_input_size")


def resize(net: Any, side: int) -> None:
    """Make a network whose size is fixed for photos of another side: what it knows of places is resampled."""
    if isinstance(net, VisionTransformer):  # torchvision's
        state = interpolate_embeddings(side, net.patch_size, net.state_dict())
        net.encoder.pos_embedding = nn.Parameter(state["encoder.pos_embedding"])
        net.image_size = side
    else:
        net.set_input_size(img_size=(side, side))


def require_fit(name: str, state: dict[str, Tensor], source: Path | str, remedy: str) -> None:
    """Raise UserError, which ends with `remedy`, unless a state dict fits a network with all its outputs."""
    load_state(to_fill(lambda: untouched(name)), state, source, remedy)


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
        and isinstance(about.get("backbone"), str)
        and exists(about["backbone"])
        and about.get("architecture") in (ORIGINAL, *EDITS)
        and isinstance(about.get("classes"), list)
    ):
        raise UserError(
            f"{path} is not the weight file of a run of this version: name one, or run again"
            f"{with_plugins(about)}"
        )
    name, architecture, classes = about["backbone"], about["architecture"], len(about["classes"])
    head, image_size = about.get("head", needs.REPORT), about.get("image_size")
    net = to_fill(lambda: adapt(untouched(name), name, architecture, classes, head, image_size))
    load_state(net, state, path)
    return net.eval(), about


def with_plugins(about: Any) -> str:
    """Return what to do about a network that may be a plugin's, if no plugins are read."""
    if plugins.folder() or not isinstance(about, dict):
        return ""
    said = (about.get(key) for key in ("backbone", "architecture"))
    names = " or ".join(name for name in said if isinstance(name, str) and name != ORIGINAL)
    return f"; if {names} is of a plugin, say {plugins.FOLDER}=FOLDER before the command" if names else ""


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
