"""The last layer of a network that still tells places of a photo apart, whatever its family."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

# A layer's outputs: photos x channels x rows x columns, that with the channels last, or photos x tokens x
# channels, one token for each place after those for none.
FIRST, LAST, TOKENS = "channels first", "channels last", "tokens"
# Grad-CAM is of the last convolution, and has finer places before these; the adaptive ones even make as many
# places as are asked for, of how few there are.
_POOLING = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d)


@dataclass(frozen=True)
class Layer:
    """A layer by its name in the network, its grid of places, and how its outputs hold it."""

    name: str
    rows: int
    columns: int
    form: str

    def places(self, output: Tensor) -> Tensor:
        """Return the layer's output as float32 N x channels x rows x columns."""
        if self.form == TOKENS:
            output = output[:, -self.rows * self.columns :].reshape(1, self.rows, self.columns, -1)
        return (output if self.form == FIRST else output.movedim(-1, 1)).float()

    def output(self, places: Tensor, like: Tensor) -> Tensor:
        """Return the places of an output in that output's own form, with its tokens for no place."""
        if self.form == FIRST:
            return places.to(like.dtype)
        found = places.movedim(1, -1).to(like.dtype)
        if self.form == LAST:
            return found
        return torch.cat([like[:, : -self.rows * self.columns], found.flatten(1, 2)], 1)


@contextmanager
def before_softmax(net: nn.Module) -> Iterator[None]:
    """Leave out a softmax at a network's end: a class's score is what comes before it.

    After one over the batch a photo by itself would always score 1, and nothing would speak for it.
    """
    classifier = getattr(net, "classifier", None)
    with ExitStack() as stack:
        if isinstance(classifier, nn.Sequential) and isinstance(classifier[-1], nn.Softmax):
            hook = classifier[-1].register_forward_hook(lambda _layer, inputs, _output: inputs[0])
            stack.callback(hook.remove)
        yield


def last(net: nn.Module, photo: Tensor) -> Layer | None:
    """Return the layer of a network in evaluation mode that is the last with places its outputs depend on.

    `photo` is one as the network takes it, float32 1 x 3 x side x side. A layer counts if it runs once, has
    more than one place and does not end in a pooling; one inside an attention, where rows are no rows of a
    photo, does not. Behind the last attention of most vision transformers the outputs depend on the token of
    the class alone, and on no place. None if there is no such layer.
    """
    names = {layer: name for name, layer in net.named_modules() if name and not _within_attention(net, name)}
    seen: list[tuple[Layer, Tensor]] = []
    pooled: list[Tensor] = []
    runs: Counter[str] = Counter()

    def keep(layer: nn.Module, _inputs: Any, output: Any) -> Tensor | None:
        runs[names[layer]] += 1
        found = _of(names[layer], output, net)
        # What a pooling returned is what the layers around it return that end in it.
        if found is None or any(output is one for one in pooled):
            return None
        # A layer behind it may write into the output.
        kept: Tensor = output.clone()
        if isinstance(layer, _POOLING):
            pooled.append(kept)
        else:
            seen.append((found, kept))
        return kept

    with ExitStack() as stack:
        for layer in names:
            stack.callback(layer.register_forward_hook(keep).remove)
        stack.enter_context(before_softmax(net))
        stack.enter_context(torch.enable_grad())
        outputs = net(photo.detach().requires_grad_()).float()
        # The classes unlike each other, that they do not cancel out.
        total = (outputs * torch.linspace(1, 2, outputs.shape[1], device=outputs.device)).sum()
        if not seen or not total.requires_grad:
            return None
        gradients = torch.autograd.grad(total, [kept for _, kept in seen], allow_unused=True)
    for (found, _), gradient in zip(reversed(seen), reversed(gradients), strict=True):
        if runs[found.name] == 1 and gradient is not None:
            each = found.places(gradient).abs().amax(1).flatten()
            if int((each > 0).sum()) > 1:
                return found
    return None


def _within_attention(net: nn.Module, name: str) -> bool:
    """Tell whether a layer is part of an attention, which libraries call so by its class or its name."""
    parts = name.split(".")
    above = [".".join(parts[:count]) for count in range(1, len(parts))]
    words = [word.lower() for one in above for word in (one, type(net.get_submodule(one)).__name__)]
    return any(word.endswith(("attn", "attention")) for word in words)


def _of(name: str, output: Any, net: nn.Module) -> Layer | None:
    """Return a layer with places by what it made of one square photo; None if it has none.

    Nor has one with as many channels as rows, of which nothing tells which is which: the one before it does.
    """
    if not isinstance(output, Tensor) or not output.is_floating_point() or len(output) != 1:
        return None
    if output.ndim == 4:
        _, one, two, three = output.shape
        if two == three > 1 and one != two:
            return Layer(name, two, three, FIRST)
        if one == two > 1 and two != three:
            return Layer(name, one, two, LAST)
    if output.ndim == 3 and (side := _side(output.shape[1], net)) is not None:
        return Layer(name, side, side, TOKENS)
    return None


def _side(tokens: int, net: Any) -> int | None:
    """Return how many places a row of a square of tokens has, behind those for no place or behind none."""
    # Networks that do not say so have one for the class at most.
    for others in (int(getattr(net, "num_prefix_tokens", 1)), 0):
        side = math.isqrt(max(tokens - others, 0))
        if side > 1 and side * side + others == tokens:
            return side
    return None
