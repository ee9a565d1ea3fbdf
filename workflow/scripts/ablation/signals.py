"""Being told to stop: a training by the user or the cluster, the whole workflow by Ctrl-C.

Standard library only, but for psutil, which Snakemake brings: the Snakefile imports this.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any

# The exit status of a training that can go on later: EX_TEMPFAIL of sysexits.h, "temporary failure; retry".
RESUMABLE = os.EX_TEMPFAIL
# Ctrl-C reaches the trainings as well as the workflow, whose SIGTERM comes right behind.
FOLLOW_UP_SECONDS = 1.0


class Resumable(Exception):
    """The training left its state in a checkpoint, and the same command goes on from there."""


class Requests:
    """What signals have asked a training for.

    SIGTERM (a cluster's preemption or time limit, a Ctrl-C on the workflow) and SIGHUP (a closed terminal)
    ask it to leave after the batch; SIGINT to it alone (`kill -INT`) to end with the epoch, as if it had
    stopped early.
    """

    def __init__(self) -> None:
        self.leave = False
        self._finish = False

    def heed(self, *, finish: bool = True) -> Requests:
        """Note signals from now on instead of dying of them; SIGINT asks to leave unless `finish`."""
        on_signal(self._note_leave, signal.SIGTERM, signal.SIGHUP)
        on_signal(self._note_finish if finish else self._note_leave, signal.SIGINT)
        return self

    def finish(self) -> bool:
        """Tell whether the training shall end with the epoch that is now complete."""
        if self._finish and not self.leave:
            time.sleep(FOLLOW_UP_SECONDS)
        return self._finish and not self.leave

    def _note_leave(self, _number: int, _frame: Any) -> None:
        self.leave = True

    def _note_finish(self, _number: int, _frame: Any) -> None:
        self._finish = True


class Interruption:
    """Tells whether the workflow was interrupted, and passes that on to its jobs."""

    def __init__(self) -> None:
        self.came = False

    def heed(self) -> Interruption:
        """From now on, have Ctrl-C and a closed terminal stop the jobs too: Snakemake waits for them."""
        on_signal(self._stop, signal.SIGINT, signal.SIGHUP)
        return self

    def _stop(self, _number: int, _frame: Any) -> None:
        import psutil

        waiting = self.came
        self.came = True
        jobs = psutil.Process().children(recursive=True)
        for process in jobs:
            try:
                # Not the shell around a job: Snakemake would no longer wait for the job itself.
                if not process.children():
                    process.terminate()
            except psutil.NoSuchProcess:
                continue
        # A second Ctrl-C must not break off the waiting for jobs that write their checkpoints.
        if not (waiting and jobs):
            raise KeyboardInterrupt


def on_signal(handler: Any, *numbers: signal.Signals) -> None:
    """Handle signals, but for those that nohup or a shell's `&` has this process ignore."""
    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
