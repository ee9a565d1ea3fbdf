"""An average of the weights of all steps, which is validated and kept in their place."""

from __future__ import annotations

from torch import nn


class Average:
    """The exponential moving average of a network's weights and buffers, in a copy of it: timm's ModelEmaV3.

    Its decay rises to `decay` as 1 - (1 + k) ** (-2/3) in step k, from 0, so that the random weights of the
    first steps soon count for nothing, and a short training has an average of its own last steps. What is no
    floating point number, as a counter, is copied.
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        # Here alone: it takes half a second, and most trainings need nothing of it.
        from timm.utils.model_ema import ModelEmaV3

        self.ema = ModelEmaV3(net, decay, use_warmup=True)
        self.net: nn.Module = self.ema.module

    def update(self, net: nn.Module, step: int) -> None:
        """Take in the weights after a step, from 1. Nothing waits for a GPU."""
        self.ema.update(net, step)
