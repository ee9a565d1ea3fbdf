"""Networks' states and outputs, to be compared."""

from __future__ import annotations

from functools import lru_cache

import torch
import torchvision
from torch import Tensor, nn

# GoogLeNet's heads that only training uses.
AUXILIARY = ("aux1.", "aux2.")


def photos(count: int = 2, side: int = 64) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def outputs(net: nn.Module) -> Tensor:
    return net.eval()(photos())


@lru_cache
def plain() -> dict[str, Tensor]:
    return {name: value for name, value in with_auxiliary_heads().items() if not name.startswith(AUXILIARY)}


def assert_same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        assert ours[name].dtype == value.dtype
        assert torch.equal(ours[name], value)


@lru_cache
def with_auxiliary_heads() -> dict[str, Tensor]:
    """GoogLeNet's state dict as torchvision publishes it."""
    torch.manual_seed(0)
    return torchvision.models.googlenet(weights=None, aux_logits=True, init_weights=False).state_dict()
