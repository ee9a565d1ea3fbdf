"""Weight files: safetensors with a hash of their content, written whole and checked when they are read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ablation.running.errors import UserError
from ablation.running.files import atomic

# The entry of a weight file's header that says what the file is, with the hash of everything in it.
SEAL = "ablation"


# What safetensors calls the types of tensors that a network may hold.
SAFETENSORS_TYPES = {
    **{f"torch.float{bits}": f"F{bits}" for bits in (16, 32, 64)},
    **{f"torch.int{bits}": f"I{bits}" for bits in (8, 16, 32, 64)},
    **{"torch.bfloat16": "BF16", "torch.uint8": "U8", "torch.bool": "BOOL"},
}


def write_weights(path: Path, net_state: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Write a state dict as safetensors with `about` and a hash in its header, whole or not at all.

    The same tensors and the same `about` give the same bytes.
    """
    state = {name: tensor.detach().to("cpu").contiguous() for name, tensor in net_state.items()}
    seal = {"about": about, "sha256": content_sha256(state, about)}
    with atomic(path) as temporary:
        write_safetensors(temporary, state, {SEAL: json.dumps(seal, sort_keys=True)})


def write_safetensors(path: Path, state: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write contiguous tensors on the CPU as the library's `safetensors.torch.save` has them.

    That one makes three copies of them in memory, which for VGG takes seconds; its `save_file` makes a file
    that only its owner can read, and a killed one leaves a file of another name. The format (safetensors'
    README): the header's length in 8 bytes, the header as JSON, padded with spaces to a multiple of 8
    bytes, and the values.
    """
    header: dict[str, Any] = {"__metadata__": metadata}
    # By falling size, so that all values lie at multiples of their size.
    ordered = sorted(state.items(), key=lambda item: (-item[1].itemsize, item[0]))
    end = 0
    for name, tensor in ordered:
        start, end = end, end + tensor.nbytes
        kind, shape = SAFETENSORS_TYPES[str(tensor.dtype)], list(tensor.shape)
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, tensor in ordered:
            file.write(bytes_of(tensor))


def bytes_of(tensor: Tensor) -> memoryview:
    """Return the values of a contiguous tensor on the CPU as bytes, not copied."""
    return tensor.reshape(-1).view(torch.uint8).numpy().data


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `write_weights` wrote; return the state dict and `about`.

    Raises UserError if a byte that matters is not as it was written.
    """
    remedy = "delete it and run again"
    state, about = read_safetensors(path, remedy)
    if about is None:
        raise UserError(f"{path} was altered or is of another program: {remedy}")
    return state, about


def read_safetensors(path: Path, remedy: str) -> tuple[dict[str, Tensor], Any]:
    """Return the tensors of a file, and what `write_weights` was told about them; None if it is not its.

    Raises UserError that ends with `remedy` if the file is unreadable, or not as `write_weights` left it.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path} is not a readable weight file ({error}): {remedy}") from error
    if SEAL not in header:
        return state, None
    try:
        seal = json.loads(header[SEAL])
        about = seal["about"]
        altered = seal["sha256"] != content_sha256(state, about)
    except (ValueError, KeyError, TypeError):
        altered = True
    if altered:
        raise UserError(f"{path} was altered or truncated: {remedy}")
    return state, about


def content_sha256(state: dict[str, Tensor], about: Any) -> str:
    """Return a hash of tensors on the CPU (their names, types, shapes and bytes) and of `about`."""
    ordered = sorted(state.items())
    kinds = [(name, str(tensor.dtype), list(tensor.shape)) for name, tensor in ordered]
    digest = hashlib.sha256(json.dumps([kinds, about], sort_keys=True).encode())
    for _, tensor in ordered:
        digest.update(bytes_of(tensor))
    return digest.hexdigest()
