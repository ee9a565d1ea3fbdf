"""The training loop: one network on one pack."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from ablation.networks import needs
from ablation.photos.pack import Pack
from ablation.running import lease
from ablation.running.errors import UserError
from ablation.spec import Spec
from ablation.training.balance import Balance
from ablation.training.checkpoint import Checkpoint
from ablation.training.device import name as device_name
from ablation.training.distributed.group import ALONE, Group
from ablation.training.history import Epoch
from ablation.training.inputs import Augmented, Features, Inputs, in_order
from ablation.training.losses import losses_and_hits, require_finite
from ablation.training.memory import is_out_of_memory, takes
from ablation.training.parts import train_mode
from ablation.training.precision import autocast
from ablation.training.state import Trained, Training

# Of the order in which photos validate a network that needs a whole batch: in every run the same one.
VALIDATION_SEED = 0

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
        raise UserError(f"{too_large(spec, device)} on {group.size} GPUs: choose a smaller batch_size")
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
    photos = [
        Augmented.of(pack, spec, training=part, device=device, resident=resident) for part in (True, False)
    ]
    balance = Balance.of(spec.balance, photos[0].labels, len(pack.categories))
    state = Training(net, spec, len(photos[0].labels), device, group, balance)
    if checkpoint:
        checkpoint.resume(state)
    known: list[Features] | None = None

    def after_batch() -> None:
        state.meter.tick()
        if checkpoint:
            checkpoint.after_batch(state)

    while not state.trained.ended:
        if known is None and state.trains_head and photos[0].repeats:
            known = features(state, photos)
        training, validation = known if known and state.trains_head else photos
        train_mode(state.net, state.chosen, spec.batch_norm)
        batches = watch(state.rest(), state.epoch)
        for index, inputs, targets in training.batches(batches, state.streams, group):
            state.step(inputs, targets, len(index))
            after_batch()
        train_figures = state.train_loss_and_accuracy()

        halfway = time.perf_counter()
        outputs = predict(state.validates, spec, validation, state.trained.precision, after_batch, group)
        losses, hits = losses_and_hits(outputs, validation.labels)
        shown = losses[order_of(spec, len(losses))] if shuffles(spec) else losses
        require_finite(shown, f"epoch {state.epoch}, validation batch", spec.batch_size)
        val_figures = float(losses.mean()), float(hits.mean())

        seconds = halfway - state.started, time.perf_counter() - halfway
        state.end_epoch(Epoch(state.epoch, *train_figures, *val_figures, *seconds), outputs)
        on_epoch(state.trained.history[-1])
        if checkpoint and not state.trained.ended:
            checkpoint.after_epoch(state)
    if pack.test is not None:
        state.trained.test_outputs = test(state, pack, group)
    state.trained.cost, state.trained.uncounted = state.meter.measure(), state.meter.refused
    return state.trained


def test(state: Training, pack: Pack, group: Group) -> Tensor:
    """Return what the best weights make of the test set, once training has ended: float32 N x classes."""
    state.kept.load_state_dict(state.trained.best_state)
    photos = Augmented.of(pack.of_test_set(), state.spec, training=False, device=state.device)
    return predict(state.kept, state.spec, photos, state.trained.precision, group=group)


def out_of_memory(net: nn.Module, spec: Spec, pack: Pack, device: torch.device) -> str:
    """Say that a training does not fit the memory of the device, and which batch size would, by trying."""
    size = min(spec.batch_size, int(pack.training.sum()))
    first = too_large(spec, device)
    if device.type == "cuda":
        # What fits only while the others that share the GPU have not begun, or have ended, does not fit.
        torch.cuda.set_per_process_memory_fraction(1 / lease.share(), device)
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
    smaller = "gpu_share, image_size" if shared(device) else "image_size"
    return f"{first}, and with 1 too: choose a smaller {smaller} or backbone"


def too_large(spec: Spec, device: torch.device) -> str:
    """Name the batch size and the device for which it is too large, and how many trainings share that."""
    sharing = f", shared by {lease.share()} trainings (gpu_share)," if shared(device) else ""
    return f"out of memory on {device_name(device)}{sharing} with batch_size {spec.batch_size}"


def shared(device: torch.device) -> bool:
    """Tell whether several trainings compute on the device."""
    return device.type == "cuda" and lease.share() > 1


def features(state: Training, photos: Sequence[Augmented]) -> list[Features]:
    """Have a training go on by the head alone; return its inputs, what the frozen part makes of the photos.

    Nothing changes, and the list is empty, where the head's outputs are not yet the network's.
    """
    found = []
    for some in photos:
        kept: list[Tensor] = []
        hook = state.head.register_forward_pre_hook(lambda _head, given, kept=kept: kept.append(given[0]))
        # Every process computes all of them, to the same values.
        outputs = predict(state.net, state.spec, some, state.trained.precision)
        hook.remove()
        # Of several layers at the end of a network none alone makes its outputs.
        if not kept:
            return []
        found.append(Features(torch.cat(kept), some.labels))
        if not torch.equal(predict(state.head, state.spec, found[-1], state.trained.precision), outputs):
            return []
    state.compute_on(state.head)
    return found


@torch.inference_mode()
def predict(
    net: nn.Module,
    spec: Spec,
    inputs: Inputs,
    precision: str,
    after_batch: Callable[[], None] = lambda: None,
    group: Group = ALONE,
) -> Tensor:
    """Return the network's float32 outputs N x classes, in evaluation mode and in the inputs' order."""
    net.eval()
    outputs, order = [], order_of(spec, len(inputs.labels))
    for index, batch, _ in in_order(inputs, order, spec.batch_size, group):
        with autocast(precision, batch.device):
            outputs.append(group.gather(net(batch).float(), len(index)))
        after_batch()
    found = torch.cat(outputs)
    # An index on the CPU has a GPU wait.
    return found[order.argsort()] if shuffles(spec) else found


def shuffles(spec: Spec) -> bool:
    """Tell whether a network predicts photos in a shuffled order, as one does that needs a whole batch."""
    return needs.needs_whole_batch(spec.architecture)


def order_of(spec: Spec, photos: int) -> Tensor:
    """Return the indices of so many photos in the order in which a network predicts them: mostly the pack's.

    In that, class after class, a softmax over the batch would see few classes at a time, unlike in training.
    """
    if shuffles(spec):
        return torch.randperm(photos, generator=torch.Generator().manual_seed(VALIDATION_SEED))
    return torch.arange(photos)
