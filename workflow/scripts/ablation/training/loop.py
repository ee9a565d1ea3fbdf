"""Training one network on one pack."""

from __future__ import annotations

import csv
import gc
import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ablation.photos.pack import Pack, Pixels
from ablation.running.errors import UserError
from ablation.running.files import atomic
from ablation.spec import Optimizer, Spec
from ablation.training import augmentation as augment
from ablation.training.device import autocast, is_out_of_memory, place, resolve_precision, takes
from ablation.training.device import name as device_name
from ablation.training.distributed import ALONE, Group

if TYPE_CHECKING:
    from ablation.training.checkpoint import Checkpoint


# Bounds the host's memory while photos go to a GPU.
PHOTOS_AT_ONCE = 256


@dataclass(frozen=True)
class Epoch:
    """One row of history.csv. Losses are cross-entropies in nats, both averaged over photos."""

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    train_seconds: float
    val_seconds: float


@dataclass
class Trained:
    """The history, how it ended, and of the epoch with the lowest validation loss what `train` returns.

    That is its weights, and what these made of the validation photos: float32 N x classes, in the pack's
    order, before any softmax but the network's own.
    """

    history: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    best_state: dict[str, Tensor] = field(default_factory=dict)
    best_outputs: Tensor = field(default_factory=lambda: torch.empty(0))
    ended: str = ""
    precision: str = "fp32"


@dataclass(frozen=True)
class Photos:
    """The training or the validation photos of a pack: `pixels[rows]` and int64 `labels`.

    `pixels` is uint8 N x H x W x 3: a tensor on the device if the photos fit into its memory, else the
    pack's file, of which the system keeps in memory what is used and fits.
    """

    pixels: Tensor | Pixels
    rows: Tensor
    labels: Tensor

    @classmethod
    def of(cls, pack: Pack, *, training: bool, device: torch.device, resident: bool = False) -> Photos:
        """Choose the training or the validation photos of a pack.

        `resident` puts them into the device's memory.
        """
        rows = torch.from_numpy(np.flatnonzero(pack.training == training))
        labels = torch.from_numpy(pack.labels)[rows].to(device)
        if not resident:
            return cls(pack.photos, rows, labels)
        pixels = torch.empty((len(rows), *pack.photos.shape[1:]), dtype=torch.uint8, device=device)
        # In parts: the host may not have the memory for a second copy of all.
        for some, there in zip(rows.split(PHOTOS_AT_ONCE), pixels.split(PHOTOS_AT_ONCE), strict=True):
            there.copy_(torch.from_numpy(pack.photos[some.numpy()]))
        return cls(pixels, torch.arange(len(rows), device=device), labels)

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return pixels and labels of the photos at `index` (on the CPU), on the training's device."""
        device = self.labels.device
        there = index.to(device, non_blocking=True)
        if isinstance(self.pixels, Tensor):
            return self.pixels[self.rows[there]], self.labels[there]
        pixels = torch.from_numpy(self.pixels[self.rows[index].numpy()])
        return pixels.to(device, non_blocking=True), self.labels[there]


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


class Training:
    """A training between two batches: all that the rest of it depends on, and what it has found so far.

    Of several processes that train together, all have the same.
    """

    def __init__(
        self, net: nn.Module, spec: Spec, photos: int, device: torch.device, group: Group = ALONE
    ) -> None:
        self.spec, self.photos, self.device, self.group = spec, photos, device, group
        self.net = place(net, device)
        self.trains = group.wrap(self.net)
        # The fused optimizers copy at every step what does not lie in a row, as channels-last weights.
        self.rows = [nn.Parameter(flat(parameter.detach())) for parameter in self.net.parameters()]
        self.optimizer = make_optimizer(self.rows, spec.optimizer)
        self.batches = math.ceil(photos / spec.batch_size)
        self.schedule = make_schedule(self.optimizer, spec.optimizer, spec.epochs * self.batches)
        self.generator = torch.Generator().manual_seed(spec.seed)
        self.trained = Trained(precision=resolve_precision(spec.precision, device))
        self.start_epoch()

    def start_epoch(self) -> None:
        """Draw the order of the next epoch's photos and set its sums to zero."""
        self.order = torch.randperm(self.photos, generator=self.generator)
        self.batch = 0
        self.losses = torch.zeros(self.batches, device=self.device)
        self.hits = torch.zeros((), dtype=torch.int64, device=self.device)
        self.started = time.perf_counter()

    @property
    def epoch(self) -> int:
        """The epoch that is being trained, from 1."""
        return len(self.trained.history) + 1

    def place(self) -> str:
        """Say in words how far the training is."""
        return f"epoch {self.epoch}, after batch {self.batch} of {self.batches}"

    def rest(self) -> Sequence[Tensor]:
        """Return the indices of the photos of each batch of this epoch that has not been trained."""
        batches: Sequence[Tensor] = self.order.split(self.spec.batch_size)
        return batches[self.batch :]

    def step(self, photos: Tensor, labels: Tensor, batch: int | None = None) -> None:
        """Train on one batch, float32 N x 3 x H x W and int64 labels: this process's part, perhaps empty.

        `batch` is how many photos all processes have of it; N if not given.
        """
        self.group.batch = len(labels) if batch is None else batch
        with autocast(self.trained.precision, self.device):
            logits = self.trains(photos)
        loss = functional.cross_entropy(logits.float(), labels, reduction="sum") / self.group.batch
        # The gradients of several processes are averaged, and their losses add up to that of the batch.
        (loss * self.group.size).backward()
        for row, parameter in zip(self.rows, self.net.parameters(), strict=True):
            assert parameter.grad is not None, "every parameter takes part"
            row.grad, parameter.grad = flat(parameter.grad), None
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.schedule.step()
        self.losses[self.batch] = self.group.sum(loss.detach())
        self.hits += self.group.sum((logits.argmax(1) == labels).sum())
        self.batch += 1

    def train_loss_and_accuracy(self) -> tuple[float, float]:
        """Return the averages over the epoch's photos; refuse a loss that is not finite."""
        where = f"epoch {self.epoch}, training batch"
        require_finite(self.losses, where)
        size = self.spec.batch_size
        sizes = torch.tensor([min(size, self.photos - first) for first in range(0, self.photos, size)])
        loss = (self.losses.double().cpu() * sizes).sum() / self.photos
        return float(loss), int(self.hits) / self.photos

    def end_epoch(self, epoch: Epoch, outputs: Tensor) -> None:
        """Take down an epoch's figures, keep its weights if they are the best, end or start the next.

        `outputs` is what the weights made of the validation photos.
        """
        trained, history = self.trained, self.trained.history
        lowest = history[trained.best_epoch - 1].val_loss if history else float("inf")
        history.append(epoch)
        if epoch.val_loss < lowest:
            trained.best_epoch, trained.best_outputs = epoch.epoch, outputs
            self.keep_weights()
        if epoch.epoch - trained.best_epoch >= self.spec.patience:
            trained.ended = "early_stop"
        elif epoch.epoch == self.spec.epochs:
            trained.ended = "epoch_limit"
        else:
            self.start_epoch()

    def keep_weights(self) -> None:
        """Make the best weights a copy of the network's: in the memory of the last ones, if there are any."""
        best, state = self.trained.best_state, self.net.state_dict()
        for name, value in state.items():
            best[name] = best[name].copy_(value) if name in best else value.clone()

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the rest of the training depends on."""
        best_is_current = self.batch == 0 and self.trained.best_epoch == self.epoch - 1
        return {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "generator": self.generator.get_state(),
            # Of dropout.
            "cpu_generator": torch.get_rng_state(),
            "cuda_generator": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
            "order": self.order,
            "batch": self.batch,
            "losses": self.losses,
            "hits": self.hits,
            "seconds": time.perf_counter() - self.started,
            "history": [asdict(epoch) for epoch in self.trained.history],
            "best_epoch": self.trained.best_epoch,
            # Not twice: after an epoch that was the best so far, the best weights are the current ones.
            "best_state": None if best_is_current else self.trained.best_state,
            "best_outputs": self.trained.best_outputs,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was called; its tensors may lie on any device."""
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["cpu_generator"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_generator"], self.device)
        self.order, self.batch = state["order"], state["batch"]
        self.losses, self.hits = state["losses"].to(self.device), state["hits"].to(self.device)
        self.started = time.perf_counter() - state["seconds"]
        self.trained.history = [Epoch(**epoch) for epoch in state["history"]]
        self.trained.best_epoch = state["best_epoch"]
        self.trained.best_outputs = state["best_outputs"].to(self.device)
        best = state["best_state"] or self.net.state_dict()
        self.trained.best_state = {name: value.to(self.device, copy=True) for name, value in best.items()}


def require_finite(losses: Tensor, where: str, size: int = 1) -> None:
    """Raise UserError if a loss is not finite, naming the batch: `size` losses each."""
    wrong = (~losses.isfinite()).nonzero()
    if len(wrong):
        raise UserError(
            f"the loss is not finite in {where} {int(wrong[0]) // size + 1}: "
            "lower the learning rate or use precision fp32"
        )


Watch = Callable[[Sequence[Tensor], int], Iterable[Tensor]]


def train(
    net: nn.Module,
    spec: Spec,
    pack: Pack,
    device: torch.device,
    watch: Watch = lambda batches, _epoch: batches,
    on_epoch: Callable[[Epoch], None] = lambda _epoch: None,
    checkpoint: Checkpoint | None = None,
    group: Group = ALONE,
) -> Trained:
    """Train `net` (in place) by the recipe of `spec` and return its history and best weights.

    `watch` wraps the batches of an epoch (a progress bar), `on_epoch` receives each epoch's figures, and
    `checkpoint` keeps the state on disk and heeds signals. On a CPU the same spec, pack, weights, machine
    and thread count give the same bytes, however often the training was stopped and resumed. The processes of
    a `group` call it alike, and each returns what one process would find, but for rounding.

    Raises UserError for a loss that is not finite, and when memory runs out, with a batch size that fits.
    """
    try:
        return run(net, spec, pack, device, watch, on_epoch, checkpoint, group)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # Here and not above: the error holds on to all that lay in memory.
    if group.size > 1:
        # What would fit cannot be tried: the other processes are in the middle of a batch.
        first = f"out of memory on {device_name(device)} with batch_size {spec.batch_size}"
        raise UserError(f"{first} on {group.size} GPUs: choose a smaller batch_size")
    raise UserError(out_of_memory(net, spec, pack, device))


def run(
    net: nn.Module,
    spec: Spec,
    pack: Pack,
    device: torch.device,
    watch: Watch,
    on_epoch: Callable[[Epoch], None],
    checkpoint: Checkpoint | None,
    group: Group = ALONE,
) -> Trained:
    """Do the work of `train`."""
    resident = takes(device, pack.photos.nbytes)
    training, validation = (
        Photos.of(pack, training=part, device=device, resident=resident) for part in (True, False)
    )
    transforms = augment.build(spec.augmentation, training=True)
    state = Training(net, spec, len(training), device, group)
    if checkpoint:
        checkpoint.resume(state)

    def after_batch() -> None:
        if checkpoint:
            checkpoint.after_batch(state)

    while not state.trained.ended:
        state.net.train()
        for index in watch(state.rest(), state.epoch):
            drawn, own = augment.draw(transforms, len(index), state.generator), group.shard(len(index))
            pixels, labels = training.batch(index[own])
            state.step(augment.augmented(pixels, transforms, augment.part(drawn, own)), labels, len(index))
            after_batch()
        train_figures = state.train_loss_and_accuracy()

        halfway = time.perf_counter()
        outputs = predict(state.net, spec, validation, device, state.trained.precision, after_batch, group)
        losses, hits = losses_and_hits(outputs, validation.labels)
        require_finite(losses, f"epoch {state.epoch}, validation batch", spec.batch_size)
        val_figures = float(losses.mean()), float(hits.mean())

        seconds = halfway - state.started, time.perf_counter() - halfway
        state.end_epoch(Epoch(state.epoch, *train_figures, *val_figures, *seconds), outputs)
        on_epoch(state.trained.history[-1])
        if checkpoint and not state.trained.ended:
            checkpoint.after_epoch(state)
    return state.trained


def out_of_memory(net: nn.Module, spec: Spec, pack: Pack, device: torch.device) -> str:
    """Say that a training does not fit the memory of the device, and which batch size would, by trying."""
    size = min(spec.batch_size, int(pack.training.sum()))
    first = f"out of memory on {device_name(device)} with batch_size {spec.batch_size}"
    while size > 1:
        size //= 2
        net.zero_grad()
        # What failed may still be held by a cycle of references.
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
        try:
            one_step = replace(spec, batch_size=size, epochs=1)
            run(net, one_step, pack, device, lambda batches, _: batches[:1], lambda _: None, None)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        else:
            return f"{first}: batch_size {size} fits"
    return f"{first}, and with 1 too: choose a smaller image_size or backbone"


def losses_and_hits(outputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return each photo's cross-entropy and whether the highest output is its class, both float64."""
    losses = functional.cross_entropy(outputs.double(), labels, reduction="none")
    return losses, (outputs.argmax(1) == labels).double()


@torch.inference_mode()
def predict(
    net: nn.Module,
    spec: Spec,
    photos: Photos,
    device: torch.device,
    precision: str,
    after_batch: Callable[[], None] = lambda: None,
    group: Group = ALONE,
) -> Tensor:
    """Return the network's float32 outputs N x classes, in evaluation mode and in the photos' order."""
    net.eval()
    transforms = augment.build(spec.augmentation, training=False)
    outputs = []
    for index in torch.arange(len(photos)).split(spec.batch_size):
        own = index[group.shard(len(index))]
        nothing = augment.draw(transforms, len(own), torch.Generator())
        batch = augment.augmented(photos.batch(own)[0], transforms, nothing)
        with autocast(precision, device):
            outputs.append(group.gather(net(batch).float(), len(index)))
        after_batch()
    return torch.cat(outputs)


def write_history(history: list[Epoch], path: Path) -> None:
    """Write one row an epoch; numbers in Python's shortest exact form."""
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [column.name for column in fields(Epoch)])
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in history)
