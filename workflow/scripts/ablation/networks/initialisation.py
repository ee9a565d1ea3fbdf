"""How a network starts a pretraining from random weights, and which of its outputs that trains."""

from __future__ import annotations

from torch import nn
from torch.utils.hooks import RemovableHandle
from torchvision.models.resnet import BasicBlock, Bottleneck


def initialise(net: nn.Module) -> None:
    """Prepare a network for a short training from random weights (in place).

    Residual blocks start as the identity (Goyal et al. 2017, section 5.1), so that deep networks learn
    from the first steps. Networks without normalisation get the initialisation of He et al. (2015, eq. 10):
    under PyTorch's own the signal shrinks from layer to layer and AlexNet takes epochs to start.
    Dropout is off: so short a training underfits, and dropout would slow it further.
    """
    layers = list(net.modules())
    for layer in layers:
        if isinstance(layer, (BasicBlock, Bottleneck)):
            last = layer.bn3 if isinstance(layer, Bottleneck) else layer.bn2
            nn.init.zeros_(last.weight)
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    if any("norm" in type(layer).__name__.lower() for layer in layers):
        return
    weighted = [layer for layer in layers if isinstance(layer, (nn.Conv2d, nn.Linear))]
    for layer in weighted:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    # Smaller first outputs than He's: the loss starts nearer to that of chance.
    nn.init.normal_(weighted[-1].weight, std=0.01)


def use_first_outputs(net: nn.Module, classes: int) -> RemovableHandle:
    """Let only the first `classes` of a network's 1000 outputs reach the loss, until the hook is removed.

    The others stay random projections of the last features. Trained against classes that never occur
    they would all turn negative, and the ReLU that `extend_fc` puts behind them would pass nothing on.
    """
    return net.register_forward_hook(lambda _net, _inputs, outputs: outputs[:, :classes])
