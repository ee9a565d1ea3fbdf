"""In which precision a training computes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


def native_bf16(device: torch.device) -> bool:
    """Tell whether the device computes bfloat16 in hardware; elsewhere it is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def resolve_precision(precision: str, device: torch.device) -> str:
    """Turn "auto" into "bf16" where that is native, else "fp32"; keep an explicit choice."""
    if precision != "auto":
        return precision
    return "bf16" if native_bf16(device) else "fp32"


def autocast(precision: str, device: torch.device) -> AbstractContextManager[None]:
    """Return the context in which forward passes run, all but the head's (`keep_logits_exact`)."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


class InFloat32(nn.Module):
    """Beside a layer's own class: the layer computes in float32, whatever the precision of the others."""

    def forward(self, values: Tensor, *others: Any, **named: Any) -> Any:
        """Return what the layer makes of values of any floating point type."""
        with autocast("fp32", values.device):
            return super().forward(values.float(), *others, **named)


@cache
def in_float32(kind: type[nn.Module]) -> type[nn.Module]:
    """Return the class of layers of a kind that compute in float32."""
    return kind if issubclass(kind, InFloat32) else type(f"{kind.__name__}InFloat32", (InFloat32, kind), {})


def keep_logits_exact(head: nn.Module) -> None:
    """Have what makes a network's outputs of its last features do so in float32 (in place).

    bf16 has 8 bits: of a hundred photos the two highest outputs of one may round to the same value, and the
    lower class would win.
    """
    for layer in head if isinstance(head, nn.ModuleList) else [head]:
        layer.__class__ = in_float32(type(layer))  # type: ignore[arg-type]  # of which mypy knows no hash
