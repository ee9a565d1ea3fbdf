"""Errors that a user can mend: one line and a status, and nothing else of any other end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ablation.running import errors
from ablation.running.errors import UserError
from ablation.running.signals import Resumable
from places import SCRIPTS


def test_a_users_error_is_one_line_and_exit_code_1(capfd: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise UserError("photo.jpg is damaged: replace it")

    with pytest.raises(SystemExit) as caught:
        errors.run(main)
    # Python prints a text that it exits with on standard error, and returns 1.
    assert caught.value.code == "error: photo.jpg is damaged: replace it"
    assert capfd.readouterr().out == ""


STAGE = """
from ablation.running import errors
def main():
    raise errors.UserError("x: do y")
errors.run(main)
"""


def test_a_stage_ends_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "stage.py").write_text(STAGE)
    ended = subprocess.run(
        [sys.executable, tmp_path / "stage.py"],
        env={"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "error: x: do y\n")


def test_other_errors_keep_their_traceback() -> None:
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        errors.run(main)


def test_success_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    errors.run(lambda: None)
    assert capfd.readouterr() == ("", "")


def test_a_training_that_can_go_on_ends_with_a_status_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise Resumable("stopped: the same command goes on")

    with pytest.raises(SystemExit) as caught:
        errors.run(main)
    # EX_TEMPFAIL of sysexits.h.
    assert caught.value.code == 75
    assert capfd.readouterr() == ("", "error: stopped: the same command goes on\n")
