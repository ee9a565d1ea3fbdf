"""Being told to stop: a training by the user or the cluster, the whole workflow by Ctrl-C.

Standard library only, but for psutil, which Snakemake brings: the Snakefile imports this.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
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
        until = time.monotonic() + FOLLOW_UP_SECONDS
        while self._finish and not self.leave and time.monotonic() < until:
            time.sleep(0.05)
        return self._finish and not self.leave

    def refuse_to_wait(self) -> None:
        """Raise `Resumable` if a signal came while the training waits to begin."""
        if self.leave or self._finish:
            raise Resumable("stopped before it began: the same command begins it")

    def _note_leave(self, _number: int, _frame: Any) -> None:
        self.leave = True

    def _note_finish(self, _number: int, _frame: Any) -> None:
        self._finish = True


class Interruption:
    """Has Ctrl-C, a closed terminal and SIGTERM stop the whole workflow, and tells whether they came."""

    def __init__(self) -> None:
        self.came = False
        self._scheduler: Any = None

    def heed(self, scheduler: Any) -> None:
        """From now on, let these signals stop Snakemake's scheduler and its jobs."""
        self._scheduler = scheduler
        executor = scheduler._executor
        if hasattr(executor, "cancel_jobs"):
            executor.sleep = self._sleep
        on_signal(self._note, signal.SIGINT, signal.SIGHUP, signal.SIGTERM)

    def _note(self, _number: int, _frame: Any) -> None:
        self.came = True
        # In a thread, because the scheduler's locks may be held by what the signal interrupted.
        threading.Thread(target=self._stop, daemon=True).start()

    def _stop(self) -> None:
        # What Snakemake does at a SIGTERM: start nothing, wait for the jobs, take down which have finished.
        # Its own answer to Ctrl-C forgets the last, and what had just finished would run again.
        self._scheduler._user_kill = "graceful"
        terminate_jobs()
        self._scheduler._open_jobs.release()
        cancelled = cancel_jobs(self._scheduler._executor, set())
        # A job that was being started when the others were told. No third time: that might hit squeue.
        time.sleep(1)
        terminate_jobs()
        # To a cluster many may still be on their way.
        while True:
            cancelled |= cancel_jobs(self._scheduler._executor, cancelled)
            time.sleep(1)

    async def _sleep(self) -> None:
        """Wait until it is time to ask a cluster for its jobs: not minutes, once they have been cancelled."""
        until = time.monotonic() + self._scheduler._executor.next_seconds_between_status_checks
        while time.monotonic() < until and not self.came:
            await asyncio.sleep(1)
        if self.came:
            await asyncio.sleep(2)


def cancel_jobs(executor: Any, cancelled: set[str]) -> set[str]:
    """Cancel what an executor has submitted to a cluster, which sends SIGTERM to it.

    But for those whose numbers are in `cancelled`. Return the numbers of the others.
    """
    if not hasattr(executor, "cancel_jobs"):
        return set()
    with executor.lock:
        jobs = [job for job in executor.active_jobs if job.external_jobid not in cancelled]
    if jobs:
        executor.cancel_jobs(jobs)
    return {job.external_jobid for job in jobs}


def pass_on(here: Callable[[], bool]) -> None:
    """Have SIGTERM reach the job of this Snakemake, which itself only waits for it, if it runs `here`.

    For the Snakemake inside a cluster's job: SLURM with cgroups signals no process but that one. Python
    writes every signal's number into a pipe, whatever handler Snakemake installs after this.
    """
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)

    def listen() -> None:
        while number := os.read(told, 1):
            if number[0] == signal.SIGTERM and here():
                terminate_jobs()

    threading.Thread(target=listen, daemon=True).start()


def terminate_jobs() -> None:
    """Send SIGTERM to this process's descendants that have no children themselves.

    Not to the shells around jobs: Snakemake would no longer wait for the jobs in them.
    """
    import psutil

    processes = psutil.Process().children(recursive=True)
    with suppress(psutil.NoSuchProcess):
        parents = {process.ppid() for process in processes}
        for process in processes:
            if process.pid not in parents:
                process.terminate()


def on_signal(handler: Any, *numbers: signal.Signals) -> None:
    """Handle signals, but for those that nohup or a shell's `&` has this process ignore."""
    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
