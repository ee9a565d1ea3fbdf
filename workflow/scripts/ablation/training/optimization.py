"""The optimizer of a spec and the learning rate of each of its steps."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from ablation.spec import Optimizer


def flat(values: Tensor) -> Tensor:
    """Return dense values as one row that shares their memory, in the order in which they lie there."""
    return values.as_strided((values.numel(),), (1,))


def make_optimizer(
    parameters: list[nn.Parameter] | list[dict[str, Any]], values: Optimizer
) -> torch.optim.Optimizer:
    """Return the optimizer of a spec, in PyTorch's fused implementation.

    `parameters` may be PyTorch's groups of them, each with a learning rate of its own.
    """
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


def factor(step: int, values: Optimizer, epochs: int, batches: int) -> float:
    """Return by what a step, from 0, multiplies the learning rate in a training of epochs of so many batches.

    Of a warm-up of n steps, step k has (k + 1) / (n + 1): it never trains at zero, and the step behind it is
    the first at the whole rate. The cosine falls from there, and would be zero in the step after the last.
    Drops are counted from the start of the training.
    """
    steps = epochs * batches
    # A fraction of an epoch is rounded to steps, of which the last is at the whole rate.
    rising = min(round(values.warmup_epochs * batches), steps - 1)
    if step < rising:
        return (step + 1) / (rising + 1)
    if values.schedule == "cosine":
        return (1 + math.cos(math.pi * (step - rising) / (steps - rising))) / 2
    if values.schedule == "step":
        return values.step_factor ** (step // (values.step_epochs * batches))
    return 1.0


def make_schedule(
    optimizer: torch.optim.Optimizer, values: Optimizer, epochs: int, batches: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Return what sets the learning rates of each step in a training of epochs of so many batches.

    To be made while the optimizer's rates are numbers: those of its groups are the highest of each.
    """
    if values.schedule == "one_cycle":
        steps = epochs * batches
        # One step more, else the last trains at a rate of nearly zero. Not 4 in all: PyTorch divides by zero.
        total = steps + (2 if steps == 3 else 1)
        rates = [group["lr"] for group in optimizer.param_groups]
        return torch.optim.lr_scheduler.OneCycleLR(
            optimizer, rates, total, pct_start=0.25, cycle_momentum=False
        )
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor(step, values, epochs, batches))
