"""What has the same training give the same numbers again."""

from __future__ import annotations

import os

import torch


def make_reproducible(seed: int, threads: int) -> None:
    """Seed PyTorch, fix the number of CPU threads, and ask for deterministic algorithms."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    # Without this setting cuBLAS may choose another algorithm from call to call.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    # fp32 shall mean what it says: by default cuDNN rounds the factors of convolutions to 10 bits (TF32).
    torch.backends.cudnn.allow_tf32 = False
    # Else every tensor is filled before it is overwritten, which is up to a tenth of a step on a CPU.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
