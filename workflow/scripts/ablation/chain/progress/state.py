"""What the events of a study add up to: what runs, what is done, and how long the rest will take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ablation.chain.progress.events import Began, Ended, Event, Over, Started
from ablation.running.console import EpochLine


@dataclass
class State:
    """The state after some events."""

    began: Began | None = None
    running: dict[int, Started] = field(default_factory=dict)
    over: bool = False
    trained: int = 0
    failed: int = 0
    _work: float = 0.0
    _seconds: float = 0.0
    _ended: float = 0.0

    def apply(self, event: Event) -> None:
        """Take an event into account."""
        if isinstance(event, Began):
            self.began = event
        elif isinstance(event, Started):
            self.running[event.job] = event
        elif isinstance(event, Ended) and (step := self.running.pop(event.job, None)):
            self._end(step, event)
        elif isinstance(event, Over):
            self.over = True

    def _end(self, step: Started, event: Ended) -> None:
        if step.is_run:
            self.trained += event.well
            self.failed += not event.well
        if event.well:
            self._work += step.work
            self._seconds += event.time - step.time
        self._ended += step.work

    @property
    def training(self) -> list[Started]:
        """The trainings that run, those that began first before others."""
        return [step for step in self.running.values() if step.epochs]

    @property
    def waiting(self) -> int:
        """How many runs are still to be started."""
        runs = self.began.runs if self.began else 0
        return runs - self.trained - self.failed - sum(step.is_run for step in self.running.values())

    def left(self, now: float, epochs: Mapping[int, Sequence[EpochLine]]) -> float | None:
        """Return how many seconds the trainings will take that are not done, by those that were measured.

        `epochs` are the lines that the running ones have written, by job. A training takes as long for its
        work as those that ended took for theirs, and a running one as its epochs did. As many run at once as
        do now. None as long as nothing was measured. Early stopping none can know: it is the most.
        """
        if self.began is None or not self.training:
            return None
        work, seconds, rest = self._work, self._seconds, 0.0
        unknown = []
        for step in self.training:
            lines = epochs.get(step.job, ())
            if not lines:
                unknown.append(step)
                continue
            each = sum(line.seconds for line in lines) / len(lines)
            rest += each * (step.epochs - lines[-1].epoch)
            work += step.work * lines[-1].epoch / step.epochs
            seconds += each * lines[-1].epoch
        if not work:
            return None
        rate = seconds / work
        rest += sum(max(rate * step.work - (now - step.time), 0) for step in unknown)
        waiting = self.began.work - self._ended - sum(step.work for step in self.training)
        return (rest + rate * max(waiting, 0)) / len(self.training)
