"""Leases of GPUs, against processes that really hold them."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from ablation.running import lease
from ablation.running.errors import UserError
from places import SCRIPTS

HOLDER = """
import os, signal, sys
from ablation.running import lease
held = lease.take(sys.argv[2:], count=int(sys.argv[1]))
print(os.environ.get("CUDA_VISIBLE_DEVICES"), flush=True)
signal.pause()
"""


class Holders:
    """Processes that lease a GPU of these and keep it until they are killed."""

    def __init__(self, folder: Path, share: int) -> None:
        self.env = os.environ | {"PYTHONPATH": str(SCRIPTS), "TMPDIR": str(folder), lease.SHARE: str(share)}
        self.env.pop("CUDA_VISIBLE_DEVICES", None)
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *gpus: str, count: int = 1, **variables: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLDER, str(count), *gpus]
        env = self.env | variables
        self.processes.append(subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True))
        return self.processes[-1]


@pytest.fixture
def holders(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Holders]:
    started = Holders(tmp_path, getattr(request, "param", 1))
    yield started
    for process in started.processes:
        process.kill()
        process.communicate()


def give_up() -> None:
    raise KeyboardInterrupt


def told(process: subprocess.Popen[str]) -> str:
    """The GPU that a process leased, once it has."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_each_process_has_its_own(holders: Holders) -> None:
    gpus = ("0", "1", "GPU-8a3f")
    assert {told(holders.start(*gpus)) for _ in gpus} == set(gpus)


@pytest.mark.parametrize("holders", [2], indirect=True)
def test_shared_only_when_all_are_used(holders: Holders) -> None:
    found = [told(holders.start("0", "1")) for _ in range(4)]
    assert Counter(found[:2]) == {"0": 1, "1": 1}
    assert Counter(found) == {"0": 2, "1": 2}


def here(holders: Holders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lease in this process as the holders do."""
    monkeypatch.setattr("tempfile.tempdir", holders.env["TMPDIR"])
    monkeypatch.setenv(lease.SHARE, holders.env[lease.SHARE])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.mark.parametrize("holders", [2], indirect=True)
def test_processes_that_train_together_do_not_share_one(holders: Holders) -> None:
    assert told(holders.start("0")) == "0"
    assert told(holders.start("0", "1", "2", count=2)) == "1,2"


def test_two_that_need_several_do_not_wait_for_each_other(
    holders: Holders, monkeypatch: pytest.MonkeyPatch
) -> None:
    here(holders, monkeypatch)
    single = holders.start("1")
    assert told(single) == "1"
    # One of the two has the other GPU and waits for this one, which the other may not take from it.
    waiting = [holders.start("0", "1", count=2) for _ in range(2)]
    with suppress(KeyboardInterrupt):
        while True:
            lease.take(["0"], give_up)[0].close()
            time.sleep(0.1)
    single.kill()
    outputs = [process.stdout for process in waiting]
    (ready,) = select.select(outputs, [], [])[0]
    first, second = sorted(waiting, key=lambda process: process.stdout is not ready)
    assert told(first) == "0,1"
    first.kill()
    assert told(second) == "0,1"


def test_more_gpus_than_there_are(holders: Holders, monkeypatch: pytest.MonkeyPatch) -> None:
    here(holders, monkeypatch)
    with pytest.raises(UserError, match="gpus is 3, but this process may use 2: set gpus to 2"):
        lease.take(["0", "1"], count=3)


def test_each_of_those_that_train_together_holds_its_own(
    holders: Holders, monkeypatch: pytest.MonkeyPatch
) -> None:
    here(holders, monkeypatch)
    launcher = holders.start("0", "1", count=2)
    assert told(launcher) == "0,1"
    monkeypatch.setenv("LOCAL_RANK", "1")
    held = lease.join(["0", "1"], give_up)
    assert held is not None
    launcher.kill()
    launcher.wait()
    # What it had but no process of its own holds is free, and the rest when that ends.
    assert told(holders.start("0", "1")) == "0"
    waits = holders.start("0", "1")
    held.close()
    assert told(waits) == "1"


def test_a_process_more_than_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(UserError, match="this is process 3 and may use 2 GPUs"):
        lease.join(["0", "1"])


def test_a_file_that_was_removed_is_no_lease(holders: Holders, monkeypatch: pytest.MonkeyPatch) -> None:
    here(holders, monkeypatch)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    lock = fcntl.flock

    def removed_first(file: IO[bytes], kind: int) -> None:
        Path(file.name).unlink(missing_ok=True)
        monkeypatch.setattr(fcntl, "flock", lock)
        lock(file, kind)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    (held,) = lease.take(["0"])
    assert Path(held.name).stat().st_ino == os.fstat(held.fileno()).st_ino


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_one_that_waits_gets_what_a_killed_one_had(holders: Holders, number: signal.Signals) -> None:
    first, second = (holders.start("0", "1") for _ in range(2))
    had = {told(first): first, told(second): second}
    third = holders.start("0", "1")
    had["1"].send_signal(number)
    assert told(third) == "1"
    assert had["0"].poll() is None


def test_whoever_waits_can_give_up(holders: Holders, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert told(holders.start("0")) == "0"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        lease.take(["0"], give_up)


def test_jobs_of_a_cluster_number_their_own(holders: Holders) -> None:
    assert [told(holders.start("0", SLURM_JOB_ID=job)) for job in ("7", "8")] == ["0", "0"]


def test_without_gpus_nothing_is_leased(holders: Holders) -> None:
    assert told(holders.start()) == "None"


def test_folder_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"ablation-gpus-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="belongs to somebody else"):
        lease.take(["0"])
