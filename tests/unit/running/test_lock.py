"""The lock of a training, against processes that really hold it."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ablation.running import lock
from ablation.running.errors import UserError
from places import SCRIPTS

HOLDER = """
import signal, sys
from pathlib import Path
from ablation.running import lock
held = lock.take(Path(sys.argv[1]))
print("held", flush=True)
signal.pause()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_who_holds_it_is_written_there(tmp_path: Path) -> None:
    with lock.take(tmp_path / "new/training.lock"):
        told = (tmp_path / "new/training.lock").read_text(encoding="utf-8")
        assert told == f"{socket.gethostname()} {os.getpid()}"


def test_a_process_that_is_left_has_to_leave(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    process = holder(tmp_path / "training.lock")
    with lock.take(tmp_path / "training.lock"):
        assert process.wait() == -signal.SIGTERM
        assert f"stopping process {process.pid}" in capsys.readouterr().out


def test_a_killed_process_leaves_no_lock(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    process = holder(tmp_path / "training.lock")
    process.kill()
    process.wait()
    with lock.take(tmp_path / "training.lock"):
        assert capsys.readouterr().out == ""


def test_another_machines_lock_is_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    process = holder(tmp_path / "training.lock")
    (tmp_path / "training.lock").write_text("elsewhere 1", encoding="utf-8")
    threading.Timer(1, process.kill).start()
    with lock.take(tmp_path / "training.lock"):
        assert process.wait() == -signal.SIGKILL
    assert "waiting for a training on elsewhere" in capsys.readouterr().out


def test_another_machines_lock_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "ELSEWHERE_SECONDS", 0.1)
    process = holder(tmp_path / "training.lock")
    (tmp_path / "training.lock").write_text("elsewhere 1", encoding="utf-8")
    with pytest.raises(UserError, match="locked by a training on elsewhere: stop it"):
        lock.take(tmp_path / "training.lock")
    assert process.poll() is None
    process.kill()
    process.wait()


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_file: object, _kind: int) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(UserError, match=r"cannot be locked \(Operation not supported\): mount"):
        lock.take(tmp_path / "training.lock")


def test_whoever_waits_can_give_up(tmp_path: Path) -> None:
    def give_up() -> None:
        raise KeyboardInterrupt

    process = holder(tmp_path / "training.lock")
    (tmp_path / "training.lock").write_text("elsewhere 1", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        lock.take(tmp_path / "training.lock", give_up)
    process.kill()
    process.wait()
