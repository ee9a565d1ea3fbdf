"""What a training costs: of a process of known size, of a resumed training, and where nobody counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from powercap import write_zone
from tiny import CPU
from trainings import BATCHES, RECIPES, stopping_after, train

from ablation.running.signals import Requests, Resumable
from ablation.training import cost, energy
from ablation.training.checkpoint import Checkpoint
from ablation.training.cost import Cost, Meter
from ablation.training.distributed.group import ALONE, Group
from places import SCRIPTS

pytestmark = pytest.mark.usefixtures("_one_thread")
RECIPE = RECIPES["sgd"]
# Takes memory for a moment, and prints what was its peak: alone, and with a child that holds memory.
PROCESS = f"""
import json, subprocess, sys
sys.path.insert(0, {str(SCRIPTS)!r})
from ablation.training import cost
found = [cost.host_mib()]
taken = b"x" * (300 << 20)
del taken
found.append(cost.host_mib())
child = subprocess.Popen(
    [sys.executable, "-c", "taken = b'x' * (200 << 20); print(flush=True); input()"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
)
child.stdout.readline()
found.append(cost.host_mib())
child.communicate(b"\\n")
found.append(cost.host_mib())
print(json.dumps(found))
"""


def test_the_peak_is_that_of_a_process_and_its_children() -> None:
    # As large as no child of it: a process's `ru_maxrss` would begin with that.
    ballast = b"x" * (900 << 20)
    done = subprocess.run([sys.executable, "-c", PROCESS], capture_output=True, text=True, check=True)
    del ballast
    before, alone, both, after = json.loads(done.stdout)
    assert before < 800
    # What was in use is used again, so that the peak may rise by less than what is taken; never by more.
    assert 280 <= alone - before <= 320
    # A Python of its own takes some 10 MiB.
    assert 200 <= both - alone <= 230
    assert after == alone


def counted(monkeypatch: pytest.MonkeyPatch, powercap: Path) -> Callable[[float], None]:
    """Have trainings read a made-up counter; return what spends so many joules."""
    at = [100.0]
    monkeypatch.setattr(energy, "of_processors", partial(energy.of_processors, powercap))

    def spend(joules: float) -> None:
        at[0] = (at[0] + joules) % 1000
        write_zone(powercap / "intel-rapl:0", "package-0", at[0], wraps=1000)

    powercap.mkdir()
    spend(0)
    return spend


def test_energy_is_that_of_all_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spend = counted(monkeypatch, tmp_path / "powercap")
    found = train(RECIPE, after_each=lambda: spend(2)).cost
    assert found.host_joules == pytest.approx(2 * BATCHES * RECIPE.epochs)
    assert (found.peak_device_mib, found.device_joules) == (None, None)  # of a CPU
    assert found.peak_host_mib is not None
    assert found.peak_host_mib > 100  # PyTorch alone


@pytest.mark.parametrize("batches", [1, 3, 5])
def test_what_was_spent_before_an_interruption_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    """Twice interrupted; what the machine takes in between is not the training's."""
    spend, path = counted(monkeypatch, tmp_path / "powercap"), tmp_path / "checkpoint.pt"
    for peak in (900.0, 4000.0):
        keeper = Checkpoint(path, "this", Requests())
        stop = stopping_after(batches, keeper.requests)
        monkeypatch.setattr(cost, "host_mib", lambda peak=peak: peak)
        with pytest.raises(Resumable):
            train(RECIPE, keeper, lambda stop=stop: [stop(), spend(3)])  # type: ignore[misc]
        spend(500)
    monkeypatch.setattr(cost, "host_mib", lambda: 700.0)
    found = train(RECIPE, Checkpoint(path, "this", Requests()), lambda: spend(3)).cost
    assert found == Cost(4000.0, None, pytest.approx(3 * BATCHES * RECIPE.epochs), None)


def test_an_energy_of_which_a_part_is_not_known_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint.pt"
    keeper = Checkpoint(path, "this", Requests())
    with pytest.raises(Resumable):
        train(RECIPE, keeper, stopping_after(2, keeper.requests))
    spend = counted(monkeypatch, tmp_path / "powercap")
    assert train(RECIPE, Checkpoint(path, "this", Requests()), lambda: spend(3)).cost.host_joules is None


figures = st.none() | st.floats(0, 1e9)
costs = st.builds(Cost, figures, figures, figures, figures)


@given(costs, costs, costs)
def test_costs_of_parts_add_up_however_they_are_cut(one: Cost, two: Cost, three: Cost) -> None:
    left, right = three.after(two).after(one), three.after(two.after(one))
    assert vars(left) == pytest.approx(vars(right))


def test_a_counter_is_read_before_it_wraps_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An epoch of 3 batches of half an hour takes 2,700 joules of a counter that wraps at 1,000."""
    spend, clock = counted(monkeypatch, tmp_path / "powercap"), [0.0]

    def batch() -> None:
        clock[0] += 1800
        spend(900)

    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    assert train(RECIPE, after_each=batch).cost.host_joules == pytest.approx(900 * BATCHES * RECIPE.epochs)


def test_counters_are_not_read_at_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    meter, reads = Meter(CPU, ALONE), list[float]()
    meter.host = [energy.Counter(lambda: reads.append(1) or 0.0)]  # type: ignore[func-returns-value]
    for _ in range(1000):
        meter.tick()
    assert len(reads) == 1
    monkeypatch.setattr(cost, "SECONDS_BETWEEN_READINGS", 0)
    meter.tick()
    assert len(reads) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_counter_for_root_alone_is_empty_and_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted(monkeypatch, tmp_path / "powercap")
    (tmp_path / "powercap/intel-rapl:0/energy_uj").chmod(0o000)
    refused(train(RECIPE))


def refused(trained: object) -> None:
    assert trained.cost.host_joules is None  # type: ignore[attr-defined]
    (line,) = trained.uncounted  # type: ignore[attr-defined]
    assert line.startswith("the energy of the processors is not known: [Errno")


@pytest.mark.parametrize("batches", [0, 4])
def test_a_counter_that_cannot_be_read_does_not_end_a_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    """From the start, or later on."""
    counted(monkeypatch, tmp_path / "powercap")
    path, seen = tmp_path / "powercap/intel-rapl:0/energy_uj", iter(range(1, 10**6))

    def remove() -> None:
        if next(seen) == batches:
            path.unlink()

    if batches == 0:
        path.unlink()
    refused(train(RECIPE, after_each=remove))


def test_the_first_of_several_processes_counts_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted(monkeypatch, tmp_path / "powercap")
    first, second = (Meter(CPU, Group(rank, 2)).measure() for rank in range(2))
    assert first == replace(first, host_joules=0.0)
    assert second == Cost()
