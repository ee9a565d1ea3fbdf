"""A training that is told to stop, by the user or the cluster. Standard library only."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

# The exit status of a training that can go on later: EX_TEMPFAIL of sysexits.h, "temporary failure; retry".
RESUMABLE = os.EX_TEMPFAIL
# Ctrl-C reaches the trainings as well as the workflow, whose SIGTERM comes right behind.
FOLLOW_UP_SECONDS = 5.0


class Resumable(Exception):
    """The training left its state in a checkpoint, and the same command goes on from there."""


class Requests:
    """What signals have asked a training for.

    SIGTERM (a cluster's preemption or time limit, a Ctrl-C on the workflow) and SIGHUP (a closed terminal)
    ask it to leave after the batch; SIGINT to it alone (`kill -INT`) to end with the epoch, as if it had
    stopped early. The file `end` asks for the same, where it is given (`kept.END`).
    """

    def __init__(self, end: Path | None = None) -> None:
        self.leave = False
        self.end = end
        self._finish = False

    def heed(self, *, finish: bool = True) -> Requests:
        """Note signals from now on instead of dying of them; SIGINT asks to leave unless `finish`."""
        on_signal(self._note_leave, signal.SIGTERM, signal.SIGHUP)
        on_signal(self._note_finish if finish else self._note_leave, signal.SIGINT)
        return self

    def finish(self) -> bool:
        """Tell whether the training shall end with the epoch that is now complete."""
        until = time.monotonic() + FOLLOW_UP_SECONDS
        while self._finish and not self.leave and time.monotonic() < until:
            time.sleep(0.05)
        return (self._finish or (self.end is not None and self.end.exists())) and not self.leave

    def refuse_to_wait(self) -> None:
        """Raise `Resumable` if a signal came while the training waits to begin."""
        if self.leave or self._finish:
            raise Resumable("stopped before it began: the same command begins it")

    def _note_leave(self, _number: int, _frame: Any) -> None:
        self.leave = True

    def _note_finish(self, _number: int, _frame: Any) -> None:
        self._finish = True


def on_signal(handler: Any, *numbers: signal.Signals) -> None:
    """Handle signals, but for those that nohup or a shell's `&` has this process ignore."""
    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
