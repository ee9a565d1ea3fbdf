"""Where a training computes and in which precision."""

from __future__ import annotations

import ctypes
import os
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ablation.running import environment
from ablation.running.errors import UserError


def choose() -> torch.device:
    """Return the CUDA device of this process if there is one, else the CPU.

    Of several that it sees, each process that torchrun starts takes the one of its number. Raises UserError
    if there is none for it, and if there are GPUs that CUDA cannot use.
    """
    if not torch.cuda.is_available():
        if environment.gpus():
            raise UserError(
                f"PyTorch {torch.__version__} cannot use this machine's GPU: update NVIDIA's driver, "
                'or set CUDA_VISIBLE_DEVICES="" to train on the CPU'
            )
        return torch.device("cpu")
    number, found = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
    if number >= found:
        raise UserError(f"this is process {number + 1}, but it sees {found} GPUs: set gpus to {found}")
    device = torch.device("cuda", number)
    torch.cuda.set_device(device)
    return device


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
    """Return the context in which forward passes run."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


class PointwiseConv2d(nn.Conv2d):
    """A 1 x 1 convolution as the matrix product that it is.

    oneDNN's own is slow for the weights' gradient of small photos: with 16 of 64 pixels a step of ResNet-50
    takes 0.84 of its time so; with 64 of 224 pixels as long as with oneDNN's.
    """

    def forward(self, photos: Tensor) -> Tensor:
        """Return the convolution of N x C x H x W."""
        down, right = self.stride
        places = photos[:, :, ::down, ::right].permute(0, 2, 3, 1)
        # Two dimensions: of four, PyTorch makes many small products where no gradient is wanted.
        rows = functional.linear(places.flatten(0, 2), self.weight.flatten(1), self.bias)
        return rows.view(*places.shape[:3], self.out_channels).permute(0, 3, 1, 2)


def is_pointwise(layer: nn.Module) -> bool:
    """Tell whether a layer is a convolution that looks at one place only, at all channels of it."""
    plain = type(layer) is nn.Conv2d and layer.groups == 1 and layer.padding == (0, 0)
    return plain and layer.kernel_size == (1, 1)


def place(net: nn.Module, device: torch.device) -> nn.Module:
    """Move a network to the device (in place), channels last: the layout both CPU and GPU prefer."""
    pointwise = list(filter(is_pointwise, net.modules())) if device.type == "cpu" else []
    try:
        net.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise UserError(
            f"the network does not fit the memory of {device}: choose a smaller backbone"
        ) from error
    for layer in pointwise:
        layer.__class__ = PointwiseConv2d
        # The same memory with the strides, which mean nothing here, that its gradients have.
        layer.weight.data = layer.weight.data.flatten(1)[:, :, None, None]  # type: ignore[operator]
    return net


def keep_memory() -> None:
    """Have glibc keep what this process frees, where it has glibc.

    It hands large blocks back to the system at every training step, and faults them in again at the next.
    What the user set in the environment stays. (Pages of 2 MB cost seconds at the start, more than short
    runs gain.)
    """
    # The first numbers are those of glibc's malloc.h.
    settings = {
        "MALLOC_TRIM_THRESHOLD_": (-1, -1),
        "MALLOC_TOP_PAD_": (-2, 1 << 28),
        "MALLOC_MMAP_MAX_": (-4, 0),
    }
    with suppress(AttributeError):
        for name, setting in settings.items():
            if name not in os.environ:
                ctypes.CDLL(None).mallopt(*setting)


def takes(device: torch.device, size: int) -> bool:
    """Tell whether data of so many bytes leave half of a GPU's free memory; of a CPU's they need not be told.

    Asked once for all photos. A pack's file is in the memory of the system already, as far as it fits.
    """
    return device.type == "cuda" and size <= torch.cuda.mem_get_info(device)[0] / 2


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether an exception says that memory ran out, on a GPU or on the CPU."""
    # PyTorch has no class of its own for these.
    told = (
        *("can't allocate memory", "CUDA error: out of memory", "Cuda failure 2"),
        *("CUBLAS_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_NOT_INITIALIZED", "CUDNN_STATUS_ALLOC_FAILED"),
    )
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(
        text in str(error) for text in told
    )


def name(device: torch.device) -> str:
    """Return the device's marketing name, or "cpu"."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
