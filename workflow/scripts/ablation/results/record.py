"""record.json: what a training says of itself, beside its results.

`train.py` writes it. It does not import this: a word here would then train every run anew.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """The keys of record.json."""

    ended: str
    """`early_stop` (patience), `epoch_limit` or `interrupted` (ended by hand)."""
    parameters: int
    """Trainable parameters of the network."""
    manifest_sha256: str
    """The hash of the manifest whose photos trained."""
    weights_sha256: str | None
    """The hash of the file of the starting weights; null for random ones."""
    classes: int
    """How many classes there are."""
    train_photos: int
    """How many photos trained."""
    val_photos: int
    """How many photos validated."""
    test_photos: int
    """How many photos of the test set it was tried on at its end."""
    folds: int
    """The spec's."""
    fold: int
    """The spec's."""
    split_seed: int
    """The spec's."""
    train_seconds: float
    """Wall time of all epochs, validating included."""
    peak_host_mib: float | None
    """The most memory of its processes, in MiB."""
    peak_device_mib: float | None
    """The most GPU memory, in MiB; null on a CPU."""
    host_joules: float | None
    """Energy of the machine's processors while it trained; null where it cannot be read."""
    device_joules: float | None
    """Energy of its GPUs, likewise."""
    precision: str
    """What it computed in: `fp32` or `bf16`."""
    device: str
    """`cpu`, or the name of the GPU."""
    threads: int
    """CPU threads of the process."""
    torch: str
    """PyTorch's version."""
