"""Where a training computes."""

from __future__ import annotations

import os

import torch

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


def name(device: torch.device) -> str:
    """Return the device's marketing name, or "cpu"."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
