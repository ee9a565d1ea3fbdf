"""The live region below the lines: the steps that run, and how far the study is. For terminals alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ablation.chain.progress import steps
from ablation.chain.progress.events import Event, Said, Started
from ablation.chain.progress.state import State
from ablation.running import console as logs
from ablation.running.console import EpochLine

STYLES = {"": "", "error": "bold red", "warning": "yellow"}
# So many times a second it is drawn, and logs are read.
FRAMES = 4
# Lines of the terminal that are left to what was said.
ABOVE = 8
# From so many columns on losses are shown beside accuracies.
WIDE = 100


class Screen:
    """A terminal with lines, and the live region below them as long as steps run."""

    def __init__(self, console: Console) -> None:
        self.console, self.state = console, State()
        self.live: Live | None = None

    def show(self, event: Event) -> None:
        """Take an event into account: print what it says, begin or end the live region."""
        self.state.apply(event)
        with suppress(OSError):  # the terminal was closed
            self._show(event)

    def _show(self, event: Event) -> None:
        if isinstance(event, Said):
            self.console.print(Text(event.text, STYLES[event.style]), soft_wrap=True)
        if self.state.over:
            self.stop()
        elif self.state.running and self.live is None:
            # Hooks print to standard output, which may be a file: that is not this region's.
            self.live = Live(
                get_renderable=lambda: Region(self.state),
                console=self.console,
                refresh_per_second=FRAMES,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self.live.start()

    def stop(self) -> None:
        """End the live region, and leave the terminal as it was."""
        live, self.live = self.live, None
        if live is not None:
            with suppress(OSError):
                live.stop()


@dataclass(frozen=True)
class Seen:
    """What the log of a training shows: its last epochs, and when (as `time.time`) the last of them ended."""

    epochs: Sequence[EpochLine] = ()
    ended: float = 0.0

    @classmethod
    def of(cls, step: Started) -> Seen:
        """Look into a training's log. Until a cluster begins it, the log may be that of an earlier one."""
        log = Path(step.log)
        with suppress(OSError):
            ended = log.stat().st_mtime
            if ended > step.time - 1:
                return cls(logs.last_epochs(log), ended)
        return cls()


class Region:
    """What the live region shows of a state, at this moment; `look` finds how far trainings are."""

    def __init__(
        self, state: State, now: float | None = None, look: Callable[[Started], Seen] = Seen.of
    ) -> None:
        self.state, self.now, self.look = state, time.time() if now is None else now, look

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        # Of another thread, which may change it meanwhile.
        running = list(self.state.running.values())
        seen = {step.job: self.look(step) for step in running if step.epochs}
        room = max(options.size.height - ABOVE, 1)
        # Trainings first: of the others there are many for a moment.
        first = sorted(running, key=lambda step: not step.epochs)
        parts: list[RenderableType] = [self.table(first[:room], seen, options.max_width)]
        if len(first) > room:
            parts.append(Text(f"and {len(first) - room} more that run", "dim"))
        yield Group(*parts, Text(self.summary(seen), no_wrap=True, overflow="ellipsis"))

    def table(self, running: Sequence[Started], seen: Mapping[int, Seen], width: int) -> Table:
        """Return a row for each step that runs."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(width // 3, 16))
        table.add_column(width=max(width // 6, 8))
        for justify in ("left", "left", "right"):
            table.add_column(no_wrap=True, justify=justify)
        for step in running:
            table.add_row(step.name, *self.cells(step, seen.get(step.job, Seen()), width))
        return table

    def cells(self, step: Started, seen: Seen, width: int) -> tuple[ProgressBar | str, str, str, str]:
        """Return a step's bar, epoch, figures and time."""
        elapsed = clock(self.now - step.time)
        if not step.epochs:
            return "", "", "", elapsed
        if not seen.epochs:
            return ProgressBar(step.epochs, 0), f"epoch 1 of {step.epochs}", "", elapsed
        last = seen.epochs[-1]
        # In the epoch that now runs it is as far as time tells, by the last one.
        part = min(max((self.now - seen.ended) / max(last.seconds, 0.1), 0), 0.95)
        epoch = f"epoch {min(last.epoch + 1, step.epochs)} of {step.epochs}"
        loss = f"loss {last.val_loss:.3f}  " if width >= WIDE else ""
        figures = f"{loss}accuracy {last.val_accuracy:.3f}"
        return ProgressBar(step.epochs, last.epoch + part), epoch, figures, elapsed

    def summary(self, seen: Mapping[int, Seen]) -> str:
        """Return how far the study is, in one line."""
        state = self.state
        if state.began is None or not state.began.runs:
            return ""
        failed = f", {state.failed} failed" if state.failed else ""
        running = sum(step.is_run for step in state.training)
        left = state.left(self.now, {job: one.epochs for job, one in seen.items()})
        rest = "" if left is None else f", about {steps.duration(max(left, 1))} left"
        done = f"{state.trained} of {state.began.runs} runs trained{failed}"
        return f"{done}, {running} running, {state.waiting} waiting{rest}"


def clock(seconds: float) -> str:
    """Return a time as a clock shows it: 0:42, 1:02:03."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
