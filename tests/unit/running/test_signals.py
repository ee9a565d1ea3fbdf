"""Signals: those that a training heeds, and those that this process was told to ignore."""

from __future__ import annotations

import signal

import pytest

from ablation.running.signals import Requests, Resumable


@pytest.mark.usefixtures("_handlers")
def test_an_ignored_signal_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    Requests().heed()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL


def test_a_signal_ends_the_wait() -> None:
    requests = Requests()
    requests.refuse_to_wait()
    requests.leave = True
    with pytest.raises(Resumable, match="the same command begins it"):
        requests.refuse_to_wait()
