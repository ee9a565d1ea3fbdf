"""Weights that a Python package carries, under the names that timm has for the same tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from ablation.networks.build import load_state, untouched
from ablation.networks.packages import NORMALISATION, PACKAGES, weight_file
from ablation.networks.preprocessing import Preprocessing

# Parts of efficientnet-lite-pytorch's network and timm's names for them: outside of the blocks, in blocks
# that begin with the depthwise convolution, and in those that widen their input first.
OUTSIDE = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
SEPARABLE = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
INVERTED = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def read_packaged(backbone: str) -> dict[str, Tensor]:
    """Return the state dict of a backbone from its package, checked to fit the backbone with 1000 outputs."""
    path = weight_file(backbone)
    state = torch.load(path, map_location="cpu", weights_only=True)
    with torch.device("meta"):
        net = untouched(backbone)
    state = renamed(state, list(net.state_dict()))
    load_state(net, state, path, "it takes the pinned version of timm")
    return state


def expected_input(backbone: str) -> Preprocessing:
    """Return what these weights expect; timm's own for these networks have 127.5 twice."""
    mean, std = NORMALISATION
    return Preprocessing(mean, std, PACKAGES[backbone].size, "bicubic")


def renamed(state: dict[str, Tensor], ours: list[str]) -> dict[str, Tensor]:
    """Return a state dict of efficientnet-lite-pytorch under timm's names; `ours` are all of those, in order.

    The package counts blocks from the first to the last, timm counts stages and the blocks in each.
    """
    blocks = list(dict.fromkeys(name.rsplit(".", 2)[0] for name in ours if name.startswith("blocks.")))
    found = {}
    for name, tensor in state.items():
        part, rest = name.split(".", 1)
        if part == "_blocks":
            block, part, rest = rest.split(".", 2)
            parts = INVERTED if f"_blocks.{block}._expand_conv.weight" in state else SEPARABLE
            found[f"{blocks[int(block)]}.{parts[part]}.{rest}"] = tensor
        else:
            found[f"{OUTSIDE[part]}.{rest}"] = tensor
    return found
