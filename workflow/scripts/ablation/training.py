"""Training one network on one pack."""

from __future__ import annotations

import csv
import math
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ablation import augment
from ablation.device import autocast, place, resolve_precision
from ablation.errors import UserError
from ablation.files import atomic
from ablation.pack import Pack
from ablation.spec import Optimizer, Spec


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
    """The history, the weights of the epoch with the lowest validation loss, and how it ended."""

    history: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    best_state: dict[str, Tensor] = field(default_factory=dict)
    ended: str = "epoch_limit"
    precision: str = "fp32"


@dataclass(frozen=True)
class Photos:
    """Photos on the training device: uint8 N x H x W x 3, and int64 labels."""

    pixels: Tensor
    labels: Tensor

    @classmethod
    def of(cls, pack: Pack, *, training: bool, device: torch.device) -> Photos:
        """Take the training or the validation photos of a pack to the device."""
        chosen = pack.training == training
        pixels, labels = torch.from_numpy(pack.photos[chosen]), torch.from_numpy(pack.labels[chosen])
        return cls(pixels.to(device), labels.to(device))

    def __len__(self) -> int:
        return len(self.labels)


def make_reproducible(seed: int, threads: int) -> None:
    """Seed PyTorch, fix the number of CPU threads, and ask for deterministic algorithms."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    # Without this setting cuBLAS may choose another algorithm from call to call.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)


def make_optimizer(net: nn.Module, values: Optimizer) -> torch.optim.Optimizer:
    """Return the optimizer of a spec, in PyTorch's fused implementation."""
    if values.algorithm == "sgd":
        return torch.optim.SGD(
            net.parameters(),
            lr=values.learning_rate,
            momentum=values.momentum,
            weight_decay=values.weight_decay,
            fused=True,
        )
    return torch.optim.AdamW(
        net.parameters(), lr=values.learning_rate, weight_decay=values.weight_decay, fused=True
    )


def make_schedule(
    optimizer: torch.optim.Optimizer, values: Optimizer, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Return what sets the learning rate of each of a training's steps."""
    if values.schedule == "one_cycle":
        # One step more than there are: PyTorch refuses to be asked beyond the last.
        return torch.optim.lr_scheduler.OneCycleLR(
            optimizer, values.learning_rate, steps + 1, pct_start=0.25, cycle_momentum=False
        )
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)


def prepare(
    photos: Photos, index: Tensor, transforms: list[augment.Transform], generator: torch.Generator
) -> Tensor:
    """Return a batch as the network takes it: float32 N x 3 x H x W, augmented."""
    batch = augment.to_unit(photos.pixels[index])
    for transform in transforms:
        batch = transform(batch, generator)
    return batch.contiguous(memory_format=torch.channels_last)


def mean_loss_and_accuracy(sums: Tensor, photos: int, where: str) -> tuple[float, float]:
    """Turn summed losses and hits into averages over photos; refuse a loss that is not finite."""
    loss, hits = sums.tolist()
    if not torch.isfinite(sums).all():
        raise UserError(f"the loss is not finite in {where}: lower the learning rate or use precision fp32")
    return loss / photos, hits / photos


def train(
    net: nn.Module,
    spec: Spec,
    pack: Pack,
    device: torch.device,
    watch: Callable[[Iterable[Tensor], int, int], Iterable[Tensor]] = lambda batches, _epoch, _total: batches,
    on_epoch: Callable[[Epoch], None] = lambda _epoch: None,
) -> Trained:
    """Train `net` (in place) by the recipe of `spec` and return its history and best weights.

    `watch` wraps the batches of an epoch (a progress bar), `on_epoch` receives each epoch's figures.
    The same spec, pack, starting weights, machine and thread count give the same bytes.
    """
    generator = torch.Generator().manual_seed(spec.seed)
    net = place(net, device)
    optimizer = make_optimizer(net, spec.optimizer)
    training, validation = (Photos.of(pack, training=part, device=device) for part in (True, False))
    transforms = augment.build(spec.augmentation, training=True)
    batches_an_epoch = math.ceil(len(training) / spec.batch_size)
    schedule = make_schedule(optimizer, spec.optimizer, spec.epochs * batches_an_epoch)
    trained = Trained(precision=resolve_precision(spec.precision, device))
    lowest = float("inf")

    for epoch in range(1, spec.epochs + 1):
        started = time.perf_counter()
        net.train()
        sums = torch.zeros(2, dtype=torch.float64, device=device)
        batches = torch.randperm(len(training), generator=generator).to(device).split(spec.batch_size)
        for index in watch(batches, epoch, batches_an_epoch):
            photos, labels = prepare(training, index, transforms, generator), training.labels[index]
            with autocast(trained.precision, device):
                logits = net(photos)
            loss = functional.cross_entropy(logits.float(), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            sums += torch.stack([loss.detach() * len(index), (logits.argmax(1) == labels).sum()])
        train_loss, train_accuracy = mean_loss_and_accuracy(sums, len(training), f"epoch {epoch}, training")

        halfway = time.perf_counter()
        logits = predict(net, spec, validation, device, trained.precision)
        sums = torch.stack([column.sum() for column in losses_and_hits(logits, validation.labels)])
        val_loss, val_accuracy = mean_loss_and_accuracy(sums, len(validation), f"epoch {epoch}, validation")

        ended = time.perf_counter()
        seconds = (halfway - started, ended - halfway)
        trained.history.append(Epoch(epoch, train_loss, train_accuracy, val_loss, val_accuracy, *seconds))
        on_epoch(trained.history[-1])
        if val_loss < lowest:
            lowest, trained.best_epoch = val_loss, epoch
            trained.best_state = {name: value.detach().clone() for name, value in net.state_dict().items()}
        elif epoch - trained.best_epoch >= spec.patience:
            trained.ended = "early_stop"
            break
    return trained


def losses_and_hits(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return each photo's cross-entropy and whether the highest output is its class, both float64."""
    losses = functional.cross_entropy(logits, labels, reduction="none")
    return losses.double(), (logits.argmax(1) == labels).double()


@torch.inference_mode()
def predict(net: nn.Module, spec: Spec, photos: Photos, device: torch.device, precision: str) -> Tensor:
    """Return the network's float32 outputs N x classes, in evaluation mode and in the photos' order."""
    net.eval()
    transforms = augment.build(spec.augmentation, training=False)
    unused = torch.Generator()
    outputs = []
    for index in torch.arange(len(photos), device=device).split(spec.batch_size):
        batch = prepare(photos, index, transforms, unused)
        with autocast(precision, device):
            outputs.append(net(batch).float())
    return torch.cat(outputs)


def write_history(history: list[Epoch], path: Path) -> None:
    """Write one row an epoch; numbers in Python's shortest exact form."""
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [column.name for column in fields(Epoch)])
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in history)
