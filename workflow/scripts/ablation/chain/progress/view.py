"""Snakemake's log records as a person wants them: in place of its own pages, which its log file keeps."""

from __future__ import annotations

import atexit
import logging
import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol, TextIO

from ablation.chain import failures
from ablation.chain.interruption import Interruption
from ablation.chain.progress import plan, steps
from ablation.chain.progress.events import Began, Ended, Event, Journal, Over, Said, Started
from ablation.chain.progress.steps import Names

LOGGER = "snakemake.logging"
# Snakemake's own handler for people.
NATIVE = "DefaultStreamHandler"
# What Snakemake says of how it goes about it, by how that begins. Anything else that it says is passed on.
NOISE = (
    "Assuming unrestricted shared filesystem",
    "Building DAG of jobs",
    "Cancelling snakemake",
    "Cleaning up SLURM log files",
    "Complete log",
    "Conda environments: ignored",
    "DAG of jobs will be updated",
    "Elapsed time",
    "Exiting because a job execution failed",
    "Execute ",
    "Finished job",
    "Job stats:",
    "Provided ",
    "Removing output files of failed job",
    "Rules claiming more threads",
    "SLURM run ID",
    "Select jobs to execute",
    "Shutting down",
    "Terminating processes on user request",
    "Updating checkpoint dependencies",
    "Using shell:",
    "Will exit after finishing currently running jobs",
    "At least one job did not complete successfully",
    "WorkflowError:\nAt least one job did not complete successfully",
    "host: ",
)
# What a failed job's own line says better.
TOLD = {"RuleException", "CalledProcessError", "SpawnedJobError"}
SUBMITTED = re.compile(r"Job \d+ has been submitted|Submitted array job ")
AGAIN = re.compile(r"Trying to restart job (\d+)\.")


class Display(Protocol):
    """Where events are shown."""

    def show(self, event: Event) -> None:
        """Show an event."""

    def stop(self) -> None:
        """Show nothing more."""


class Lines:
    """A file or a pipe, which gets the lines alone."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def show(self, event: Event) -> None:
        """Print what an event says."""
        if isinstance(event, Said):
            with suppress(OSError):  # who read it has gone
                print(event.text, file=self.stream, flush=True)

    def stop(self) -> None:
        """Do nothing: each line was printed at once."""


def display(stream: TextIO, *, colours: bool) -> Display:
    """Return what fits a stream: a live region on a terminal, else lines."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        return Lines(stream)
    # Not above: it takes a tenth of a second, which a plan in a script need not wait for.
    from rich.console import Console

    from ablation.chain.progress.live import Screen

    return Screen(Console(file=stream, highlight=False, no_color=not colours))


class View(logging.Handler):
    """Shows what Snakemake logs. `device` says in words what the study trains on."""

    def __init__(self, workflow: Any, names: Names, interruption: Interruption, device: str) -> None:
        super().__init__(logging.INFO)
        self.workflow, self.names, self.interruption, self.device = workflow, names, interruption, device
        output = workflow.output_settings
        # A dry run is what was asked for, and not what is said of it.
        stream = sys.stdout if output.stdout else sys.stderr
        self.display = display(stream, colours=not output.nocolor)
        self.journal: Journal | None = None
        # The rules and wildcards of all that is to be done, and of what runs.
        self.todo: list[tuple[str, Any]] = []
        self.jobs: dict[int, SimpleNamespace] = {}
        self.takes: dict[str, Callable[[Any], None]] = {
            "run_info": self.planned,
            "job_info": self.started,
            "job_finished": self.finished,
            "job_error": self.failed,
            "error": self.raised,
            "": self.said,
        }

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record of Snakemake's logger."""
        try:
            take = self.takes.get(str(getattr(record, "event", None) or ""))
            if take is not None:
                take(record)
        except Exception:
            self.handleError(record)

    def tell(self, event: Event) -> None:
        """Show an event, and let others watch."""
        if self.journal is not None:
            self.journal.write(event)
        self.display.show(event)

    def say(self, text: str, style: str = "") -> None:
        """Show a line."""
        self.tell(Said(text, style))

    def stop(self) -> None:
        """Show nothing more, once."""
        self.tell(Over(time.time()))
        self.display.stop()

    def close(self) -> None:
        """Leave the terminal as it was, however Snakemake ends."""
        self.display.stop()
        super().close()

    def planned(self, _record: Any) -> None:
        """Say what the study is, when Snakemake has counted its jobs."""
        if self.workflow.dryrun or self.journal is not None:
            return
        self.journal = Journal()
        self.todo = [(job.rule.name, job.wildcards) for job in self.workflow.dag.needrun_jobs()]
        self.begin()
        self.say(self.title())

    def begin(self) -> None:
        """Tell what is to be trained; also anew, when the number of photos is no longer a guess."""
        runs = sum(rule == steps.TRAIN for rule, _ in self.todo)
        work: dict[str, float] = {}
        for step in self.todo:
            kind, its = self.work(*step)
            if its:
                work[kind] = work.get(kind, 0.0) + its
        self.tell(Began.here(self.title(), runs, work, time.time()))

    def title(self) -> str:
        """Return the study, and what is to be done of it, in one line."""
        study = self.names.study
        runs, trained = len(study.runs()), sum(rule == steps.TRAIN for rule, _ in self.todo)
        todo = f"{trained} to train" if trained else f"none to train, {counted(len(self.todo), 'step')} to do"
        of = f"{counted(len(study.experiments), 'experiment')}, {counted(runs, 'run')}"
        return f"{study.name} on {study.dataset.name}: {of}, {todo}; {self.device}"

    def work(self, rule: str, wildcards: Any) -> tuple[str, float]:
        """Return what kind of training a step is, and how much it computes; 0 for what trains nothing."""
        spec = self.names.spec(rule, wildcards)
        if spec is None:
            return "", 0.0
        return self.names.kind(spec), self.names.work(spec, self.names.dataset(rule, wildcards))

    def started(self, record: Any) -> None:
        """Note a job that Snakemake starts."""
        if self.workflow.dryrun or self.workflow.touch:
            return
        rule, wildcards = record.rule_name, SimpleNamespace(**record.wildcards, items=record.wildcards.items)
        name = self.names.name(rule, wildcards)
        spec = self.names.spec(rule, wildcards)
        job = SimpleNamespace(
            rule=rule, wildcards=wildcards, name=name, began=time.time(), output=record.output
        )
        self.jobs[record.jobid] = job
        if rule == "all":
            return
        log = record.log[0] if record.log else ""
        # As it is called while it runs: of a training its run is enough.
        shown = name if rule == steps.TRAIN else steps.doing(rule, name)
        epochs = spec.epochs if spec else 0
        kind, work = self.work(rule, wildcards)
        self.tell(Started(record.jobid, shown, rule == steps.TRAIN, log, epochs, kind, work, job.began))

    def finished(self, record: Any) -> None:
        """Say what a job did, if it matters."""
        job = self.jobs.pop(record.job_id, None)
        if job is None:
            return
        now = time.time()
        self.tell(Ended(record.job_id, True, now))
        if told := steps.done(job.rule, job.name, job.wildcards, job.output, now - job.began):
            self.say(told)
        if job.rule == "index":
            self.begin()

    def failed(self, record: Any) -> None:
        """Say why a job failed, and where its log is."""
        job = self.jobs.get(record.jobid)
        self.tell(Ended(record.jobid, False, time.time()))
        if self.interruption.came:
            return
        log = record.log[0] if record.log else ""
        why = failures.reason(Path(log)) if log else "it has no log that says why"
        where = "" if log in why else f" ({log})"
        # What a cluster says of it.
        more = f"; {' '.join(record.rule_msg.split())}" if record.rule_msg else ""
        named = steps.doing(record.rule_name, job.name if job else "")
        self.say(f"error: {named}: {why}{where}{more}", "error")

    def raised(self, record: Any) -> None:
        """Pass on Snakemake's own errors, but for those that a failed job's line has told."""
        if record.exception not in TOLD:
            self.said(record)

    def said(self, record: Any) -> None:
        """Pass on what Snakemake says in words of its own, but for how it goes about it."""
        text = str(record.getMessage() if record.msg else "").strip()
        if again := AGAIN.fullmatch(text):
            job = self.jobs.get(int(again[1]))
            self.say(f"once more: {steps.doing(job.rule, job.name)}" if job else text, "warning")
        elif text.startswith("This was a dry-run"):
            for line in plan.lines(self.workflow, self.names):
                self.say(line)
        elif text and not self.is_noise(text):
            style = {logging.ERROR: "error", logging.WARNING: "warning"}.get(record.levelno, "")
            self.say(text, style)

    def is_noise(self, text: str) -> bool:
        """Tell whether Snakemake says how it goes about it, or explains a dry run, which the plan does."""
        about = ("Reasons:", "Some jobs were triggered by", "Rules with ", "Would remove")
        of_dry_run = self.workflow.dryrun and text.startswith(about)
        return text.startswith(NOISE) or bool(SUBMITTED.match(text)) or of_dry_run


def counted(count: int, thing: str) -> str:
    """Return how many there are of a thing."""
    return f"{count} {thing}{'s' * (count != 1)}"


class Native:
    """Snakemake's own pages, where they were asked for."""

    def say(self, text: str) -> None:
        """Print a line among them."""
        print(text)

    def stop(self) -> None:
        """Do nothing: they stand as they are."""


def install(workflow: Any, names: Names, interruption: Interruption, device: str) -> View | Native:
    """Have Snakemake's records shown so, unless more was asked for (--verbose, -p), or less (--quiet)."""
    asked = workflow.output_settings
    logger = logging.getLogger(LOGGER)
    native = next((handler for handler in logger.handlers if handler.name == NATIVE), None)
    own = asked.verbose or asked.printshellcmds or asked.debug_dag or asked.quiet
    if native is None or own or not workflow.is_main_process:
        return Native()
    logger.removeHandler(native)
    view = View(workflow, names, interruption, device)
    logger.addHandler(view)
    # Snakemake lets go of its handlers where it ends in peace.
    atexit.register(view.display.stop)
    return view
