"""Which part of a network trains: all of it, or its head alone."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ablation.spec import Spec


def head_of(net: Any) -> nn.Module:
    """Return what makes a network's outputs of its last features.

    Networks of timm know it, and it may be more than one layer, whose outputs are averaged (DeiT's for
    distillation, CrossViT's two); VOLO has another for the places of a photo, of which it does not tell. Of
    others it is the last linear layer or convolution that they have.
    """
    if not hasattr(net, "get_classifier"):
        layers: list[nn.Module] = list(net.modules())
        return [layer for layer in layers if isinstance(layer, (nn.Linear, nn.Conv2d))][-1]
    found: nn.Module | tuple[nn.Module, ...] = net.get_classifier()
    several = found if isinstance(found, tuple) else (found,)
    several += tuple(layer for name, layer in net.named_children() if name == "aux_head")
    return nn.ModuleList(several) if len(several) > 1 else several[0]


def head_epochs(spec: Spec) -> int:
    """Return how many of a training's first epochs train the head alone.

    `head_then_all` is linear probing, then fine-tuning (Kumar et al. 2022): a head that fits the features
    distorts them less when they begin to train.
    """
    return {"all": 0, "head": spec.epochs, "head_then_all": spec.head_epochs}[spec.trains]


def choose(net: nn.Module, spec: Spec, epoch: int) -> nn.Module:
    """Let only what trains in an epoch (from 1) have gradients; return that part of the network.

    Where a spec trains all, parameters stay as they are, frozen ones too.
    """
    if spec.trains == "all":
        return net
    chosen = head_of(net) if epoch <= head_epochs(spec) else net
    net.requires_grad_(False)
    chosen.requires_grad_(True)
    return chosen


def train_mode(net: nn.Module, chosen: nn.Module, batch_norm: str = "trained") -> None:
    """Put what trains into training mode, and what is frozen into evaluation mode.

    Frozen batch normalisation (a spec's `batch_norm`) goes on with the statistics that it has, which few
    photos would change for the worse; its weights and biases train.
    """
    net.eval()
    chosen.train()
    if batch_norm == "frozen":
        for layer in chosen.modules():
            if isinstance(layer, _BatchNorm):
                layer.eval()
