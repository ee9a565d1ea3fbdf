"""A training between two batches: all that the rest of it depends on, and what it has found so far."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ablation.spec import Spec
from ablation.training.averaging import Average
from ablation.training.balance import EVEN, Balance
from ablation.training.cost import Cost, Meter
from ablation.training.distributed.group import ALONE, Group
from ablation.training.distributed.layers import wrap
from ablation.training.graphs import CudaRecorder, Graphs, Step, wanted
from ablation.training.history import Epoch
from ablation.training.losses import epoch_average, require_finite, to_train
from ablation.training.optimization import flat, make_optimizer, make_schedule, put_rates_on
from ablation.training.parts import choose, head_epochs, head_of
from ablation.training.placement import place
from ablation.training.precision import autocast, keep_logits_exact, resolve_precision
from ablation.training.rates import in_groups, rates
from ablation.training.streams import Streams


@dataclass
class Trained:
    """The history, how it ended, and of the epoch with the lowest validation loss what `train` returns.

    That is its weights, and what these made of the validation photos: float32 N x classes, in the pack's
    order, before any softmax but the network's own; `test_outputs` likewise of the test set, if there is one.
    """

    history: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    best_state: dict[str, Tensor] = field(default_factory=dict)
    best_outputs: Tensor = field(default_factory=lambda: torch.empty(0))
    test_outputs: Tensor | None = None
    ended: str = ""
    precision: str = "fp32"
    cost: Cost = field(default_factory=Cost)
    # Why a part of it is not known though the hardware counts it, a line each.
    uncounted: list[str] = field(default_factory=list)


class Training:
    """A training between two batches: all that the rest of it depends on, and what it has found so far.

    Of several processes that train together, all have the same.
    """

    def __init__(
        self,
        net: nn.Module,
        spec: Spec,
        photos: int,
        device: torch.device,
        group: Group = ALONE,
        balance: Balance = EVEN,
    ) -> None:
        self.spec, self.photos, self.device, self.group, self.balance = spec, photos, device, group, balance
        self.net = place(net, device)
        keep_logits_exact(head_of(self.net))
        self.average = Average(self.net, spec.ema_decay) if spec.ema_decay else None
        self.head, self.head_epochs = head_of(self.net), head_epochs(spec)
        self.batches = math.ceil(photos / spec.batch_size)
        self.streams = Streams.of(spec.seed)
        self.meter = Meter(device, group)
        self.trained = Trained(precision=resolve_precision(spec.precision, device))
        self.start_phase()
        self.start_epoch()

    def start_phase(self) -> None:
        """Choose what trains from this epoch on, with an optimizer and a schedule of its own."""
        self.chosen = choose(self.net, self.spec, self.epoch)
        self.compute_on(self.net)
        # The fused optimizers copy at every step what does not lie in a row, as channels-last weights.
        self.parameters = [one for one in self.net.parameters() if one.requires_grad]
        self.rows = [nn.Parameter(flat(parameter.detach())) for parameter in self.parameters]
        values = self.spec.optimizer
        self.optimizer = make_optimizer(in_groups(self.rows, rates(self.net, self.head, values)), values)
        epochs = self.head_epochs if self.trains_head else self.spec.epochs - self.head_epochs
        self.schedule = make_schedule(self.optimizer, values, epochs, self.batches)
        put_rates_on(self.device, self.optimizer)
        self.compute: Step = self.forward_and_back
        if wanted(self.device, self.group):
            self.compute = Graphs(self.forward_and_back, self.net.zero_grad, CudaRecorder())

    def compute_on(self, part: nn.Module) -> None:
        """Compute steps by a part of the network: all of it, or its head, on features of photos."""
        self.trains, self.validates = wrap(part, self.group), part
        if self.average:
            self.validates = self.average.net if part is self.net else head_of(self.average.net)

    @property
    def kept(self) -> nn.Module:
        """The network whose weights are validated and kept: the one that trains, or its average."""
        return self.average.net if self.average else self.net

    @property
    def trains_head(self) -> bool:
        """Tell whether the head alone trains in this epoch."""
        return self.epoch <= self.head_epochs

    def start_epoch(self) -> None:
        """Draw the order of the next epoch's photos and set its sums to zero."""
        self.order = self.balance.order(self.photos, self.streams.order)
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

    def step(self, photos: Tensor, targets: Tensor, batch: int | None = None) -> None:
        """Train on one batch, float32 N x 3 x H x W: this process's part, perhaps empty.

        `targets` are int64 labels, or float32 N x classes, the shares of classes. `batch` is how many photos
        all processes have of it; N if not given.
        """
        self.group.batch = len(targets) if batch is None else batch
        loss, hits = self.compute(photos, targets)
        self.schedule.step()
        self.losses[self.batch] = self.group.sum(loss)
        self.hits += self.group.sum(hits)
        self.batch += 1
        if self.average:
            self.average.update(self.net, len(self.trained.history) * self.batches + self.batch)

    def forward_and_back(self, photos: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Change the weights by one batch; return this process's part of the loss, and how many it hit.

        Nothing here may change from batch to batch but tensors' values: a graph has recorded all else.
        """
        with autocast(self.trained.precision, self.device):
            logits = self.trains(photos)
        total, hits = to_train(logits, targets, self.spec.label_smoothing, self.balance.of_classes)
        loss = total / self.group.batch
        # The gradients of several processes are averaged, and their losses add up to that of the batch.
        (loss * self.group.size).backward()
        for row, parameter in zip(self.rows, self.parameters, strict=True):
            assert parameter.grad is not None, "every parameter takes part"
            row.grad, parameter.grad = flat(parameter.grad), None
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.detach(), hits

    def train_loss_and_accuracy(self) -> tuple[float, float]:
        """Return the averages over the epoch's photos; refuse a loss that is not finite."""
        require_finite(self.losses, f"epoch {self.epoch}, training batch")
        loss = epoch_average(self.losses, self.spec.batch_size, self.photos)
        return loss, int(self.hits) / self.photos

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
        # Of a head that waits for the rest to train, no more is expected.
        if epoch.epoch - max(trained.best_epoch, self.spec.head_epochs) >= self.spec.patience:
            trained.ended = "early_stop"
        elif epoch.epoch == self.spec.epochs:
            trained.ended = "epoch_limit"
        else:
            if epoch.epoch == self.head_epochs:
                self.start_phase()
            self.start_epoch()

    def keep_weights(self) -> None:
        """Make the best weights a copy of the kept ones: in the memory of the last ones, if there are any."""
        best, state = self.trained.best_state, self.kept.state_dict()
        for name, value in state.items():
            best[name] = best[name].copy_(value) if name in best else value.clone()

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the rest of the training depends on."""
        best_is_current = self.batch == 0 and self.trained.best_epoch == self.epoch - 1
        return {
            "net": self.net.state_dict(),
            "average": self.average.net.state_dict() if self.average else None,
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "streams": self.streams.state_dict(),
            # Of dropout.
            "cpu_generator": torch.get_rng_state(),
            "cuda_generator": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
            "order": self.order,
            "batch": self.batch,
            "losses": self.losses,
            "hits": self.hits,
            "seconds": time.perf_counter() - self.started,
            "cost": self.meter.state_dict(),
            "history": [asdict(epoch) for epoch in self.trained.history],
            "best_epoch": self.trained.best_epoch,
            # Not twice: after an epoch that was the best so far, the best weights are the current ones.
            "best_state": None if best_is_current else self.trained.best_state,
            "best_outputs": self.trained.best_outputs,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was called; its tensors may lie on any device."""
        self.trained.history = [Epoch(**epoch) for epoch in state["history"]]
        self.start_phase()
        self.net.load_state_dict(state["net"])
        if self.average:
            self.average.net.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        put_rates_on(self.device, self.optimizer)
        self.schedule.load_state_dict(state["schedule"])
        self.streams.load_state_dict(state["streams"])
        torch.set_rng_state(state["cpu_generator"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_generator"], self.device)
        self.order, self.batch = state["order"], state["batch"]
        self.losses, self.hits = state["losses"].to(self.device), state["hits"].to(self.device)
        self.started = time.perf_counter() - state["seconds"]
        self.meter.load_state_dict(state["cost"])
        self.trained.best_epoch = state["best_epoch"]
        self.trained.best_outputs = state["best_outputs"].to(self.device)
        best = state["best_state"] or self.kept.state_dict()
        self.trained.best_state = {name: value.to(self.device, copy=True) for name, value in best.items()}
