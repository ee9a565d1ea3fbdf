"""The whole workflow that is told to stop: by Ctrl-C, a closed terminal, or the cluster that runs it.

Standard library only, but for psutil, which Snakemake brings.
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

from ablation.running.signals import on_signal


class Interruption:
    """Has Ctrl-C, a closed terminal and SIGTERM stop the whole workflow, and tells whether they came."""

    def __init__(self) -> None:
        self.came = False
        self._scheduler: Any = None
        self._say: Callable[[str], None] = print

    def heed(self, scheduler: Any, say: Callable[[str], None] = print) -> None:
        """From now on, let these signals stop Snakemake's scheduler and its jobs, and `say` so."""
        self._scheduler, self._say = scheduler, say
        executor = scheduler._executor
        if hasattr(executor, "cancel_jobs"):
            executor.sleep = self._sleep
        on_signal(self._note, signal.SIGINT, signal.SIGHUP, signal.SIGTERM)

    def _note(self, _number: int, _frame: Any) -> None:
        first, self.came = not self.came, True
        # In a thread, because the scheduler's locks may be held by what the signal interrupted.
        threading.Thread(target=self._stop, args=[first], daemon=True).start()

    def _stop(self, first: bool) -> None:
        if first:
            # Where the terminal was closed nothing can be said, and the jobs are to stop all the same.
            with suppress(OSError):
                self._say("Stopping: each training writes its checkpoint first.")
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
