"""Memory: how much photos may take, what the C library keeps, and telling that it ran out."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

import torch

from ablation.running import lease


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
    """Tell whether data of so many bytes leave half of a GPU's room; of a CPU's they need not be told.

    Room is what is free, and no more than a lease's part of the whole: those that share the GPU may find it
    empty together. Asked once for all photos. A pack's file is in the memory of the system already, as far
    as it fits.
    """
    if device.type != "cuda":
        return False
    free, total = torch.cuda.mem_get_info(device)
    return size <= min(free, total // lease.share()) / 2


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
