"""What the events of a study add up to: what runs, what is done, and how long the rest will take."""

from __future__ import annotations

from collections import defaultdict
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
    # By kind of the trainings that ended: their work, that of those that ended well, and what that took.
    _ended: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _work: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

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
        self._ended[step.kind] += step.work
        if event.well:
            self._work[step.kind] += step.work
            self._seconds[step.kind] += event.time - step.time

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
        work as those of its kind did, or else as all did, and a running one as its epochs did. As many run at
        once as do now. None as long as nothing was measured. Early stopping none can know: it is the most.
        """
        if self.began is None or not self.training:
            return None
        work, seconds, rest = self._work.copy(), self._seconds.copy(), 0.0
        unknown = []
        for step in self.training:
            lines = epochs.get(step.job, ())
            if not lines:
                unknown.append(step)
                continue
            each = sum(line.seconds for line in lines) / len(lines)
            rest += each * (step.epochs - lines[-1].epoch)
            work[step.kind] += step.work * lines[-1].epoch / step.epochs
            seconds[step.kind] += each * lines[-1].epoch
        if not sum(work.values()):
            return None

        def rate(kind: str) -> float:
            if work.get(kind):
                return seconds[kind] / work[kind]
            return sum(seconds.values()) / sum(work.values())

        rest += sum(max(rate(step.kind) * step.work - (now - step.time), 0) for step in unknown)
        for kind, whole in self.began.work.items():
            begun = self._ended[kind] + sum(step.work for step in self.training if step.kind == kind)
            rest += rate(kind) * max(whole - begun, 0)
        return rest / len(self.training)
