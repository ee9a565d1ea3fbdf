"""Several processes find what one does: their shards, their layers, and whole trainings through torchrun."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import SPEC, TORCHRUN, Run, workers, write_pack
from torch import Tensor, nn

from ablation.chain import failures
from ablation.networks import backbones, build, initialisation, weight_files
from ablation.running.errors import UserError
from ablation.training import loop, placement
from ablation.training.distributed import launch, layers
from ablation.training.distributed.group import Group
from ablation.training.distributed.layers import SharedBatchNorm2d, SharedDropout, wrap

CPU = torch.device("cpu")


# --- shards ----------------------------------------------------------------------------------------


@given(count=st.integers(0, 1000), size=st.integers(1, 9))
def test_shards_are_the_rows_in_order_and_differ_by_one_at_most(count: int, size: int) -> None:
    group = Group(0, size)
    shards = [list(range(count))[group.shard(count, rank)] for rank in range(size)]
    assert [row for shard in shards for row in shard] == list(range(count))
    lengths = {len(shard) for shard in shards}
    assert max(lengths) - min(lengths) <= 1
    assert shards == [list(range(count))[Group(rank, size).shard(count)] for rank in range(size)]


def test_one_process_is_a_group_in_which_nothing_happens() -> None:
    values, net = torch.rand(3, 2), nn.BatchNorm2d(2)
    group = Group()
    assert group.first
    assert group.sum(values) is values
    assert group.gather(values, 3) is values
    assert wrap(net, group) is net
    assert (group.any(True), group.any(False)) == (True, False)
    assert group.shard(7) == slice(0, 7)
    with launch.joined(1) as alone:
        assert alone.size == 1
        assert not torch.distributed.is_initialized()


def test_another_number_of_processes_is_refused() -> None:
    with pytest.raises(UserError, match="gpus is 2, but torchrun started 1"), launch.joined(2):
        pass


# --- layers ----------------------------------------------------------------------------------------


@dataclass
class Threads(Group):
    """A process of a group, as a thread: all have the same `meeting` and `values`."""

    meeting: threading.Barrier = field(default_factory=lambda: threading.Barrier(1))
    values: list[Tensor] = field(default_factory=list)

    def sum(self, values: Tensor) -> Tensor:
        self.values[self.rank] = values
        self.meeting.wait(60)
        total = torch.stack(self.values).sum(0)
        self.meeting.wait(60)
        return total


def in_threads(size: int, batch: int, work: Callable[[Group], Any]) -> list[Any]:
    """Call `work` in every process of a group; return what each call returned."""
    meeting, values = threading.Barrier(size), [torch.zeros(())] * size
    groups = [Threads(rank, size, batch, meeting, values) for rank in range(size)]
    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(work, groups))


def shared(layer: nn.Module, group: Group) -> Any:
    """A copy of a layer, as one process of a group has it."""
    found: Any = copy.deepcopy(layer)
    found.__class__ = layers.SHARED[type(layer)]
    found.group = group
    return found


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


@settings(deadline=None, max_examples=60)
@given(
    batch=st.integers(1, 7),
    size=st.integers(1, 4),
    sides=st.tuples(st.integers(1, 3), st.integers(2, 3)),
    mean=st.sampled_from([0.0, -3.0, 1e4]),
    seed=st.integers(0, 99),
    last=st.booleans(),
)
def test_batch_norm_over_processes_equals_pytorchs_over_the_batch(
    batch: int, size: int, sides: tuple[int, int], mean: float, seed: int, last: bool
) -> None:
    """Outputs, gradients and running statistics in double precision, of two steps; shards may be empty."""
    layer = nn.BatchNorm2d(3, eps=1e-3).double()
    nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(seed))
    nn.init.normal_(layer.bias, generator=torch.Generator().manual_seed(seed))
    layout = torch.channels_last if last else torch.contiguous_format
    steps = [
        [noise(seed + k, batch, 3, *sides).to(memory_format=layout) for k in (step, step + 100)]
        for step in (0, 200)
    ]

    def trained(layer: Any, rows: slice) -> list[Tensor]:
        found = []
        for photos, gradient in steps:
            own = (photos[rows] * 2 + mean).requires_grad_()
            outputs = layer(own)
            outputs.backward(gradient[rows])
            found += [outputs.detach(), own.grad]
        return found

    def work(group: Group) -> tuple[list[Tensor], Any]:
        own = shared(layer, group)
        return trained(own, group.shard(batch)), own

    parts = in_threads(size, batch, work)
    whole, expected = copy.deepcopy(layer), []
    expected = trained(whole, slice(None))
    close = {"rtol": 1e-9, "atol": 1e-9 * max(1, abs(mean))}
    for position, values in enumerate(expected):
        torch.testing.assert_close(torch.cat([found[position] for found, _ in parts]), values, **close)
    for name in ("weight", "bias"):
        total = sum(getattr(own, name).grad for _, own in parts)
        torch.testing.assert_close(total, getattr(whole, name).grad, **close)
    for _, own in parts:
        assert own.state_dict().keys() == whole.state_dict().keys()
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            torch.testing.assert_close(getattr(own, name), getattr(whole, name), **close)
        photos = noise(5, 2, 3, 2, 2)
        torch.testing.assert_close(own.eval()(photos), copy.deepcopy(whole).eval()(photos), **close)


def test_batch_norm_keeps_the_type_and_layout_of_photos() -> None:
    layer = shared(nn.BatchNorm2d(3), Group(0, 1, 4))
    photos = torch.randn(4, 3, 5, 6).bfloat16().to(memory_format=torch.channels_last).requires_grad_()
    outputs = layer(photos)
    outputs.sum().backward()
    assert photos.grad is not None
    for found in (outputs, photos.grad):
        assert found.dtype == torch.bfloat16
        assert found.is_contiguous(memory_format=torch.channels_last)
    expected = nn.BatchNorm2d(3)(photos.detach().float())
    torch.testing.assert_close(outputs.float(), expected, atol=0.03, rtol=0)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_dropout_over_processes_drops_what_one_would(size: int) -> None:
    rows = torch.randn(4, 300)
    torch.manual_seed(3)
    expected = nn.Dropout(0.3)(rows), torch.rand(1)
    found = []
    for rank in range(size):
        group = Group(rank, size, 4)
        torch.manual_seed(3)
        dropout = shared(nn.Dropout(0.3), group)
        own = rows[group.shard(4)]
        found.append(dropout(own))
        # The next random number is the same one too.
        assert torch.equal(torch.rand(1), expected[1])
        assert torch.equal(dropout.eval()(own), own)
    assert torch.equal(torch.cat(found), expected[0])


class Lonely(Group):
    """A process whose group has no photos elsewhere either."""

    def sum(self, values: Tensor) -> Tensor:
        return values


@pytest.mark.parametrize("backbone", backbones.BACKBONES)
def test_every_backbone_takes_an_empty_shard(backbone: str) -> None:
    """It gives every parameter a gradient of zeros that lies in memory as the parameter does."""
    net = build.adapt(build.untouched(backbone), backbone, "original", 3)
    keys = list(net.state_dict())
    net = placement.place(net, CPU).train()
    for layer in net.modules():
        if type(layer) in layers.SHARED:
            layer.__class__ = layers.SHARED[type(layer)]
            layer.group = Lonely(0, 2, 1)  # type: ignore[assignment]
        kinds = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)
        assert not isinstance(layer, kinds) or isinstance(layer, (SharedBatchNorm2d, SharedDropout))
    outputs = net(torch.empty(0, 3, 64, 64).to(memory_format=torch.channels_last))
    outputs.sum().backward()
    assert outputs.shape == (0, 3)
    assert list(net.state_dict()) == keys
    for parameter in net.parameters():
        assert parameter.grad is not None
        assert not parameter.grad.any()
        assert parameter.grad.stride() == parameter.stride()


def test_out_of_memory_on_several_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loop, "run", run)
    told = "out of memory on cpu with batch_size 4 on 2 GPUs: choose a smaller batch_size"
    with pytest.raises(UserError, match=told):
        loop.train(nn.Linear(1, 1), SPEC, None, CPU, group=Group(1, 2))  # type: ignore[arg-type]


# --- processes -------------------------------------------------------------------------------------

# 13 photos in batches of 4: two processes have 2 and 2 of each, and of the last photo none and 1; three
# have 1, 1 and 2, and of the last photo two have none.
TRAIN, VAL = 13, 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for this module's runs, removed at the end: their weights are large."""
    path = tmp_path_factory.mktemp("distributed")
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def residual(folder: Path) -> Run:
    """A network with batch norm, which magnifies rounding less where its blocks start as the identity."""
    torch.manual_seed(0)
    net = build.untouched("resnet34")
    initialisation.initialise(net)
    weights = folder / "resnet34.safetensors"
    weight_files.write_weights(weights, net.state_dict(), {})
    return Run(folder / "residual", write_pack(folder / "pack", TRAIN, VAL), SPEC, weights)


@pytest.fixture(scope="module")
def whole(residual: Run) -> Run:
    """Trained by one process."""
    run = residual.with_spec("residual-whole")
    run.finish()
    return run


def assert_close(ours: Run, theirs: Run) -> None:
    """The same in every epoch, but for float32's rounding.

    Of losses and outputs 4e-8 was found, of weights and running statistics 1e-6.
    """
    np.testing.assert_allclose(ours.history(), theirs.history(), rtol=0, atol=1e-6)
    np.testing.assert_allclose(ours.outputs(), theirs.outputs(), rtol=0, atol=1e-6)
    best = theirs.best()
    assert ours.best().keys() == best.keys()
    for name, value in ours.best().items():
        np.testing.assert_allclose(value, best[name], rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    ("gpus", "launcher"),
    [(2, (*TORCHRUN, "2", "--")), pytest.param(3, (), marks=pytest.mark.slow)],
    ids=["2", "3"],
)
def test_batch_norm_trains_as_in_one_process(
    residual: Run, whole: Run, gpus: int, launcher: tuple[str, ...]
) -> None:
    run = residual.with_spec(f"residual-{gpus}", gpus=gpus)
    output = run.finish(*launcher)
    assert_close(run, whole)
    # One process speaks, and no library does.
    lines = [line for line in output.splitlines() if line]
    assert [line.split(":")[0] for line in lines] == ["epoch 1", "epoch 2"]
    files = sorted(path.name for path in run.folder.iterdir())
    assert files == sorted(path.name for path in whole.folder.iterdir())


@pytest.mark.parametrize("gpus", [pytest.param(2, marks=pytest.mark.slow), 3])
def test_dropout_trains_as_in_one_process(gpus: int, alexnet: Run) -> None:
    run = alexnet.with_spec(f"alexnet-{gpus}", gpus=gpus)
    run.finish()
    assert_close(run, alexnet)


@pytest.fixture(scope="module")
def alexnet(residual: Run) -> Run:
    """A network with dropout, trained by one process."""
    run = replace(residual.with_spec("alexnet", backbone="alexnet", epochs=2), weights=None)
    run.finish()
    return run


def test_sigterm_leaves_a_checkpoint_from_which_all_go_on(residual: Run, folder: Path) -> None:
    """Through torchrun, our own launcher and one process, to the bytes of a training that nothing stopped."""
    few = replace(residual, pack=write_pack(folder / "few", 5, 2))
    run = few.with_spec("stopped", gpus=2, epochs=6)
    for epoch, launcher, rank in ((1, (*TORCHRUN, "2", "--"), None), (2, (), None), (3, (), 1)):
        status, output = run.interrupt(signal.SIGTERM, epoch, *launcher, rank=rank)
        assert status == (1 if launcher else os.EX_TEMPFAIL), output
        (folder / "log").write_text(output)
        told = re.match(r"stopped in epoch (\d), after batch ", failures.reason(folder / "log"))
        assert told, output
        assert int(told[1]) > epoch
        assert output.count("error: ") == 1
        assert launcher or output.splitlines()[-1].startswith("error: ")
        assert sorted(path.name for path in run.folder.iterdir()) == [
            *("checkpoint.pt", "model.txt", "spec.json", "training.lock")
        ]
    assert run.finish().startswith(f"going on in epoch {told[1]}, after batch ")
    other = few.with_spec("not-stopped", gpus=2, epochs=6)
    other.finish()
    np.testing.assert_array_equal(run.history(), other.history())
    weights = "weights.safetensors"
    assert (run.folder / weights).read_bytes() == (other.folder / weights).read_bytes()


def test_sigint_ends_all_with_the_epoch(residual: Run) -> None:
    run = residual.with_spec("ended", gpus=2, epochs=99)
    status, output = run.interrupt(signal.SIGINT, 1)
    assert status == 0, output
    assert json.loads((run.folder / "record.json").read_text())["ended"] == "interrupted"
    assert 1 <= len(run.history()) < 99


@pytest.mark.parametrize("rank", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_process_that_is_killed_ends_the_others(residual: Run, rank: int, folder: Path) -> None:
    run = residual.with_spec(f"killed-{rank}", gpus=2, epochs=99)
    process = run.start()
    assert process.stdout is not None
    output = process.stdout.readline()
    ranks = workers(process)
    ranks[rank].kill()
    output += process.stdout.read()
    assert process.wait() == 1
    (folder / "log").write_text(output)
    assert failures.reason(folder / "log") == f"process {rank} of 2 was ended by SIGKILL", output
    assert not ranks[1 - rank].is_running()


def test_an_error_is_told_once(residual: Run) -> None:
    optimizer = replace(SPEC.optimizer, learning_rate=1e38)
    status, output = residual.with_spec("wrong", gpus=2, optimizer=optimizer).end()
    assert status == 1
    told = r"error: the loss is not finite in epoch 1, training batch \d: [^\n]*\n"
    assert re.fullmatch(told, output), output
