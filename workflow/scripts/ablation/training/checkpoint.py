"""A training's state on disk, so that a killed one goes on from there and ends as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import time
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import torch
import torchvision

from ablation.networks import needs
from ablation.networks.backbones import OWN
from ablation.photos.pack import Pack
from ablation.running import code, console
from ablation.running.errors import UserError
from ablation.running.files import atomic
from ablation.running.signals import Requests, Resumable
from ablation.spec import Spec
from ablation.training import provenance
from ablation.training.distributed.group import ALONE, Group
from ablation.training.precision import resolve_precision
from ablation.training.state import Training

# At most this part of the time goes into writing checkpoints: a checkpoint holds up to four times the
# network, which on a network drive takes longer than a short epoch.
SHARE = 0.05
CHUNK_BYTES = 1 << 24
DIGEST_BYTES = hashlib.sha256().digest_size
# By what these are made of a state begins, and becomes the next.
CODE = ("train.py", "pretrain.py")


def fingerprint(spec: Spec, photos: Pack, weights_sha256: str | None, target: torch.device) -> str:
    """Return a hash of everything that decides a training's numbers, the code included."""
    parts: dict[str, Any] = {
        "spec": spec.to_json(),
        "photos": photos.sha256,
        "weights": weights_sha256,
        # Not its name: a cluster may try again on another GPU, and the same bytes are promised on CPUs only.
        "device": target.type,
        "precision": resolve_precision(spec.precision, target),
    }
    parts["code"] = [*(module for path in CODE for module in code.of(path)), *provenance.of_run(spec)]
    versions = {"torch": str(torch.__version__), "torchvision": str(torchvision.__version__)}
    # timm's also where it groups layers or averages weights.
    uses_timm = spec.optimizer.layer_decay != 1 or spec.ema_decay > 0
    used = {needs.library(spec.backbone), *(["timm"] if uses_timm else [])}
    # A network of one's own is in none.
    for library in used - {*versions, OWN}:
        versions[library] = metadata.version(library)
    text = json.dumps({**parts, **versions}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Checkpoint:
    """The checkpoint of one training: at most one epoch, or twenty times what writing it takes, gets lost.

    `fingerprint` tells this training from others; `requests` are the signals to heed. Of the processes of a
    group the first one writes, all read, and what one of them is asked all do, after the same batch.
    """

    def __init__(self, path: Path, fingerprint: str, requests: Requests, group: Group = ALONE) -> None:
        self.path, self.fingerprint, self.requests, self.group = path, fingerprint, requests, group
        self.written, self.seconds = -float("inf"), 0.0

    def resume(self, training: Training) -> None:
        """Put a training into the state of the file, if there is one of this very training."""
        if not self.path.exists():
            return
        state = read(self.path)
        # One process that cannot read it is enough, else they would go on from different states.
        if self.group.any(state is None) or state is None:
            console.line(f"{self.path} was altered or cut short: starting afresh")
        elif self.group.any(self.group.first and state["fingerprint"] != self.fingerprint):
            console.line(f"{self.path} is of another configuration or machine: starting afresh")
        else:
            training.load_state_dict(state["training"])
            console.line(f"going on in {training.place()}")
            # The log is a new one.
            for epoch in training.trained.history:
                console.epoch_line(epoch)

    def after_batch(self, training: Training) -> None:
        """Write the state and raise `Resumable` if a signal asks for it."""
        if self.group.any(self.requests.leave):
            self.write(training, leaving=True)
            self.leave(training)

    def after_epoch(self, training: Training) -> None:
        """End the training here if SIGINT asked for it; else write the state, unless that was just done."""
        if self.group.any(self.requests.finish()) and not self.group.any(self.requests.leave):
            training.trained.ended = "interrupted"
            return
        self.after_batch(training)
        if self.group.any(self.group.first and self.is_due()):
            self.write(training)
            # A signal that came meanwhile need not wait for another batch and another writing.
            if self.group.any(self.requests.leave):
                self.leave(training)

    def is_due(self) -> bool:
        """Tell whether writing now would take no more than its share of the time."""
        return time.perf_counter() - self.written >= self.seconds * (1 / SHARE - 1)

    def leave(self, training: Training) -> NoReturn:
        """Raise `Resumable`: the state is written."""
        raise Resumable(f"stopped in {training.place()}: the same command goes on from there")

    def write(self, training: Training, *, leaving: bool = False) -> None:
        """Write the state, whole or not at all; if it cannot be, raise UserError when leaving, else go on."""
        started = time.perf_counter()
        training.meter.measure()
        if self.group.first:
            state = {"fingerprint": self.fingerprint, "training": training.state_dict()}
            try:
                write(state, self.path)
            except UserError as error:
                if leaving or self.requests.leave:
                    raise
                console.line(f"warning: no checkpoint: {error}")
        # No process leaves before it is written: torchrun would soon kill the one that writes.
        self.group.any(False)
        self.written = time.perf_counter()
        self.seconds = self.written - started
        # The time of the epoch is that of its training.
        training.started += self.seconds


def write(state: dict[str, Any], path: Path) -> None:
    """Write a state and the SHA-256 of what was written, whole or not at all.

    PyTorch's own format has no checksum that it looks at, and a single changed byte in its table of
    contents can pass for memory that was never written.
    """
    with atomic(path) as temporary, temporary.open("wb") as file:
        hashing = Hashing(file)
        torch.save(state, hashing)  # type: ignore[arg-type]  # it needs no more than these two methods
        file.write(hashing.sha256.digest())


def read(path: Path) -> dict[str, Any] | None:
    """Return what `write` wrote, on the CPU; None if the file is not that. No code in it is executed."""
    try:
        # Not the whole file at once: it may be as large as the memory that the training leaves.
        found, rest = hashlib.sha256(), path.stat().st_size - DIGEST_BYTES
        with path.open("rb") as file:
            while rest > 0:
                part = file.read(min(rest, CHUNK_BYTES))
                found.update(part)
                rest -= len(part)
            if found.digest() != file.read():
                return None
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # the unpickler raises nearly anything
        return None
    return state if isinstance(state, dict) else None


class Hashing:
    """A binary file that takes the hash of all that is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.sha256 = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write some bytes; return how many."""
        self.sha256.update(data)
        return self.file.write(data)

    def flush(self) -> None:
        """Hand all bytes to the system."""
        self.file.flush()
