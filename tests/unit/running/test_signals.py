"""Signals that this process was told to ignore."""

from __future__ import annotations

import signal

import pytest

from ablation.running.signals import Requests


@pytest.mark.usefixtures("_handlers")
def test_an_ignored_signal_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    Requests().heed()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
