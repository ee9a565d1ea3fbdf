"""What a training promises, on the GPU where there is one, else on the CPU."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from states import assert_same
from torch import Tensor, nn
from trainings import assert_same_training, stopping_after

from ablation.networks import backbones, build, edits
from ablation.photos.pack import Pack
from ablation.running import environment, lease
from ablation.running.errors import UserError
from ablation.running.signals import Requests, Resumable
from ablation.spec import Optimizer, Spec
from ablation.training import augmentation, graphs, loop, parameters, reproducibility, state
from ablation.training.checkpoint import Checkpoint
from ablation.training.side_stream import SideStream
from places import SCRIPTS

CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda", 0) if CUDA else torch.device("cpu")
# The report's photos and networks; a CPU takes small photos, and the smallest network.
SIDE = 224 if CUDA else 64
NETWORKS = list(backbones.BACKBONES) if CUDA else ["googlenet"]
needs_gpu = pytest.mark.skipif(not CUDA, reason="needs a GPU")
CLASSES, TRAIN, VAL = 3, 8, 3
RUNG_6 = tuple(
    (name, parameters.resolve(name, {}))
    for name in ("horizontal_flip", "rotation", "color_jitter", "grayscale", "normalize")
)


@pytest.fixture(autouse=True)
def _reproducible(_one_thread: None) -> Iterator[None]:
    """As train.py has it."""
    found = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.allow_tf32
    reproducibility.make_reproducible(0, threads=1)
    yield
    torch.use_deterministic_algorithms(found[0])
    torch.backends.cudnn.allow_tf32 = found[1]


def spec(backbone: str = NETWORKS[0], **changes: Any) -> Spec:
    """Two epochs of the batches 3, 3 and 2."""
    plain = Spec(
        backbone=backbone,
        architecture=edits.ORIGINAL,
        augmentation=RUNG_6,
        optimizer=Optimizer("adamw", 0.001, 0.0, 0.1, "one_cycle"),
        weights="none",
        image_size=SIDE,
        batch_size=3,
        epochs=2,
        patience=2,
        precision="auto",
        seed=0,
    )
    return replace(plain, **changes)


def photos(train: int = TRAIN, side: int = SIDE) -> Pack:
    count = train + VAL
    pixels = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), np.uint8)
    names = list(map(str, range(count)))
    return Pack(np.arange(count) % CLASSES, np.arange(count) < train, names, list("abc"), photos=pixels)


def network(backbone: str = NETWORKS[0]) -> nn.Module:
    torch.manual_seed(1)
    return build.adapt(build.untouched(backbone), backbone, edits.ORIGINAL, CLASSES)


def train(recipe: Spec, net: nn.Module | None = None, **options: Any) -> state.Trained:
    """Train on the device, from the same weights and random numbers each time."""
    net = network(recipe.backbone) if net is None else net
    torch.manual_seed(recipe.seed)
    return loop.train(net, recipe, photos(), DEVICE, **options)


@pytest.mark.parametrize("backbone", NETWORKS)
def test_two_trainings_find_the_same_bytes(backbone: str) -> None:
    assert_same_training(train(spec(backbone)), train(spec(backbone)))


@needs_gpu
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("backbone", NETWORKS)
def test_recorded_steps_find_the_bytes_of_eager_ones(
    monkeypatch: pytest.MonkeyPatch, backbone: str, optimizer: str
) -> None:
    made: list[state.Training] = []

    def kept(*arguments: Any) -> state.Training:
        made.append(state.Training(*arguments))
        return made[-1]

    monkeypatch.setattr(loop, "Training", kept)
    recipe = spec(backbone, epochs=4)
    recipe = replace(recipe, optimizer=replace(recipe.optimizer, algorithm=optimizer, momentum=0.9))
    monkeypatch.setenv(environment.SPEED, "eager")
    eager = train(recipe)
    monkeypatch.setenv(environment.SPEED, "auto")
    assert_same_training(train(recipe), eager)
    steps = made[1].compute
    assert isinstance(steps, graphs.Graphs)
    assert steps.works
    assert sorted(steps.recorded) == [2, 3]


@pytest.mark.parametrize("batches", [1, 4, 5])
def test_a_training_that_was_stopped_ends_with_the_bytes_of_one_that_was_not(
    tmp_path: Path, batches: int
) -> None:
    requests = Requests()
    stop = stopping_after(batches, requests)

    def watch(batches: Sequence[Tensor], _epoch: int) -> Iterator[Tensor]:
        for batch in batches:
            stop()
            yield batch

    path = tmp_path / "checkpoint.pt"
    with pytest.raises(Resumable):
        train(spec(), watch=watch, checkpoint=Checkpoint(path, "same", requests))
    assert_same_training(train(spec(), checkpoint=Checkpoint(path, "same", Requests())), train(spec()))


def test_frozen_weights_stay_and_the_others_learn() -> None:
    net = network()
    *frozen, weight, bias = net.named_parameters()
    for _, parameter in frozen:
        parameter.requires_grad_(False)
    before = {name: value.detach().clone() for name, value in (*frozen, weight, bias)}
    after = {name: value.cpu() for name, value in train(spec(), net).best_state.items()}
    assert_same({name: after[name] for name, _ in frozen}, {name: before[name] for name, _ in frozen})
    assert not any(torch.equal(after[name], before[name]) for name, _ in (weight, bias))


def test_photos_in_the_packs_file_train_as_those_in_the_devices_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    for resident in (True, False):
        monkeypatch.setattr(loop, "takes", lambda *_arguments, fits=resident: fits)
        found.append(train(spec()))
    assert_same_training(*found)


@needs_gpu
@pytest.mark.parametrize("resident", [True, False])
def test_batches_made_beside_a_step_train_as_those_made_before_it(
    monkeypatch: pytest.MonkeyPatch, resident: bool
) -> None:
    """Of many photos, so that what is used too early or overwritten too early would show."""
    monkeypatch.setattr(loop, "takes", lambda *_arguments: resident)
    pack, recipe = photos(640), spec("alexnet", batch_size=64, epochs=4)
    found = []
    for beside in (True, False):
        if not beside:
            monkeypatch.setattr(SideStream, "beside", lambda _self, batches: batches)
        found.append(loop.train(network("alexnet"), recipe, pack, DEVICE))
    assert_same_training(*found)


def test_the_device_augments_as_the_cpu_does() -> None:
    steps = augmentation.build(RUNG_6, training=True)
    pixels = torch.randint(256, (16, SIDE, SIDE, 3), dtype=torch.uint8)
    drawn = augmentation.draw(steps, len(pixels), torch.Generator().manual_seed(0))
    there, here = (
        augmentation.augmented(pixels.to(device), steps, drawn).cpu()
        for device in (DEVICE, torch.device("cpu"))
    )
    # Rotation takes the nearest pixel, of two that are as near either.
    assert ((there - here).abs() > 1e-3).float().mean() < 1e-3


@needs_gpu
def test_too_large_a_batch_is_refused_with_one_that_fits() -> None:
    torch.cuda.empty_cache()
    total = torch.cuda.mem_get_info(DEVICE)[1]
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved(DEVICE) + 3e9) / total, DEVICE)
    pack, recipe = photos(4096), spec(batch_size=4096, epochs=1)
    try:
        with pytest.raises(UserError, match=r"batch_size 4096: batch_size \d+ fits$") as refused:
            loop.train(network(), recipe, pack, DEVICE)
        fits = int(str(refused.value).split()[-2])
        loop.train(network(), replace(recipe, batch_size=fits), pack, DEVICE)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, DEVICE)


HOLDER = """
import sys
from ablation.running import environment, lease
said = []
held = lease.take(environment.gpus(), lambda: said or (said.append(1), print("waits", flush=True)))
import torch
assert torch.cuda.device_count() == 1
print("has", float(torch.ones((), device="cuda")), flush=True)
sys.stdin.readline()
"""


@needs_gpu
def test_a_second_training_waits_for_the_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first_gpu = environment.gpus()[0]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", first_gpu)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv(lease.SHARE, "1")

    def start() -> subprocess.Popen[str]:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return subprocess.Popen([sys.executable, "-c", HOLDER], text=True, cwd=SCRIPTS, **pipes)

    def told(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline()

    one = start()
    assert told(one) == "has 1.0\n"
    other = start()
    assert told(other) == "waits\n"
    one.kill()
    assert told(other) == "has 1.0\n"
    for process in (one, other):
        process.communicate("\n")
