"""The optimizer of a spec and the learning rate of each of its steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ablation.spec import Optimizer


def flat(values: Tensor) -> Tensor:
    """Return dense values as one row that shares their memory, in the order in which they lie there."""
    return values.as_strided((values.numel(),), (1,))


def make_optimizer(parameters: list[nn.Parameter], values: Optimizer) -> torch.optim.Optimizer:
    """Return the optimizer of a spec, in PyTorch's fused implementation."""
    if values.algorithm == "sgd":
        return torch.optim.SGD(
            parameters,
            lr=values.learning_rate,
            momentum=values.momentum,
            weight_decay=values.weight_decay,
            fused=True,
        )
    return torch.optim.AdamW(
        parameters, lr=values.learning_rate, weight_decay=values.weight_decay, fused=True
    )


def put_rates_on(device: torch.device, optimizer: torch.optim.Optimizer) -> None:
    """Have an optimizer of parameters on a GPU find its learning rates there, as float32 tensors.

    A recorded step (`graphs`) looks for nothing outside the GPU's memory; one that is not recorded takes the
    rate from there too, so that both compute the same. On a CPU rates stay numbers.
    """
    if device.type == "cpu":
        return
    for group in optimizer.param_groups:
        group["lr"] = torch.as_tensor(group["lr"], dtype=torch.float32, device=device)
        group["capturable"] = True


def make_schedule(
    optimizer: torch.optim.Optimizer, values: Optimizer, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Return what sets the learning rate of each of a training's steps."""
    if values.schedule == "one_cycle":
        # One step more, else the last trains at a rate of nearly zero. Not 4 in all: PyTorch divides by zero.
        total = steps + (2 if steps == 3 else 1)
        return torch.optim.lr_scheduler.OneCycleLR(
            optimizer, values.learning_rate, total, pct_start=0.25, cycle_momentum=False
        )
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
