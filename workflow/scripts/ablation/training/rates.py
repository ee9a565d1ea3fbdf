"""The learning rate of each parameter: one for all, or a lower one for what a network knows already."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from torch import nn

from ablation.spec import Optimizer


def rates(net: nn.Module, head: nn.Module, values: Optimizer) -> list[float]:
    """Return the learning rate of each parameter of a network that trains, in the network's order.

    Of the head's it is `learning_rate`; of the others `backbone_learning_rate`, times what `layer_decay`
    makes of it.
    """
    own = set(head.parameters())
    backbone = values.backbone_learning_rate
    backbone = values.learning_rate if backbone is None else backbone
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    scales = dict.fromkeys(trained, 1.0)
    # What a head that trains alone is multiplied by is nothing.
    if values.layer_decay != 1 and not own.issuperset(trained):
        scales = layer_scales(net, head, values.layer_decay)
    return [
        values.learning_rate if parameter in own else backbone * scales[parameter] for parameter in trained
    ]


def layer_scales(net: nn.Module, head: nn.Module, decay: float) -> dict[nn.Parameter, float]:
    """Return by what layer-wise decay (BEiT: Bao et al. 2022) multiplies the rate of each parameter.

    It is `decay` to the power of how many groups of layers lie behind, as timm groups them: most of its own
    networks by what they say of themselves, those of torchvision and the others by twelve parameters at a
    time, in their order, which is one block of a vision transformer and four convolutions with batch
    normalisation.
    """
    # Here alone: it takes half a second, and most trainings need nothing of it.
    from timm.optim import param_groups_layer_decay  # type: ignore[attr-defined]

    described: Any = net
    if not hasattr(net, "group_matcher"):
        own = set(head.parameters())
        names = [name for name, parameter in net.named_parameters() if parameter in own]
        # All that timm asks of a network, and where its head is, which these do not say.
        described = SimpleNamespace(
            named_parameters=net.named_parameters, pretrained_cfg={"classifier": names}
        )
    groups = param_groups_layer_decay(described, layer_decay=decay)
    return {parameter: group["lr_scale"] for group in groups for parameter in group["params"]}


def in_groups(parameters: Sequence[nn.Parameter], rates: Sequence[float]) -> list[dict[str, Any]]:
    """Return PyTorch's groups of parameters: those of each learning rate, in the order of their first."""
    groups: dict[float, list[nn.Parameter]] = {}
    for parameter, rate in zip(parameters, rates, strict=True):
        groups.setdefault(rate, []).append(parameter)
    return [{"params": its, "lr": rate} for rate, its in groups.items()]
