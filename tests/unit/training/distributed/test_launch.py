"""Whole trainings of several processes, through torchrun and by themselves, find what one does."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from runs import SPEC, TORCHRUN, Run, workers, write_pack

from ablation.chain import failures
from ablation.networks import build, initialisation, weight_files
from ablation.running.errors import UserError
from ablation.training.distributed import launch


def test_another_number_of_processes_is_refused() -> None:
    with pytest.raises(UserError, match="gpus is 2, but torchrun started 1"), launch.joined(2):
        pass


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


def test_frozen_batch_norm_trains_as_in_one_process(residual: Run) -> None:
    one = residual.with_spec("frozen-1", batch_norm="frozen")
    one.finish()
    two = residual.with_spec("frozen-2", batch_norm="frozen", gpus=2)
    two.finish()
    assert_close(two, one)


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


def test_everything_at_once_trains_as_in_one_process(residual: Run) -> None:
    """Mixed with photos of others' parts, averaged and drawn by weight, with a rate for each layer."""
    values = replace(
        SPEC.optimizer,
        schedule="cosine",
        warmup_epochs=0.5,
        backbone_learning_rate=0.0005,
        layer_decay=0.75,
    )
    mixed = {"label_smoothing": 0.1, "mixup": 0.4, "cutmix": 1.0, "ema_decay": 0.9, "balance": "sampling"}
    one = residual.with_spec("everything-1", optimizer=values, **mixed)
    one.finish()
    two = residual.with_spec("everything-2", optimizer=values, gpus=2, **mixed)
    two.finish()
    assert_close(two, one)


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
