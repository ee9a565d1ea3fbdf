"""Why a step failed, from logs as the steps leave them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablation.chain import failures

TRACEBACK = """epoch 1: train loss 1.0
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    main()
ZeroDivisionError: division by zero
"""


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("error: the disk is full\n", "the disk is full"),
        ("epoch 1: fine\nerror: first\nepoch 2: fine\nerror: last\n\n", "last"),
        (TRACEBACK, "ZeroDivisionError: division by zero (see {log})"),
        ("epoch 1: fine\n", "ended without a message, as when memory ran out or it was killed (see {log})"),
        ("", "ended without a message, as when memory ran out or it was killed (see {log})"),
        (None, "ended without a message, as when memory ran out or it was killed (see {log})"),
    ],
)
def test_reason(tmp_path: Path, log: str | None, reason: str) -> None:
    path = tmp_path / "train.log"
    if log is not None:
        path.write_text(log, encoding="utf-8")
    assert failures.reason(path) == reason.format(log=path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_bytes(b"\xff\xfe\nerror: \xff broken\n")
    assert failures.reason(tmp_path / "train.log") == "\ufffd broken"
