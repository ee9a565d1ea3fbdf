"""What happens in a study, as the view is told, and the journal of it by which others can watch.

Standard library only: the Snakefile imports this.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TypeAlias

JOURNAL = Path("logs/progress.jsonl")


@dataclass(frozen=True)
class Began:
    """The study, in words, and what is to be trained: how many runs, and the work of each kind."""

    title: str
    runs: int
    work: dict[str, float]
    time: float
    host: str
    process: int

    @classmethod
    def here(cls, title: str, runs: int, work: dict[str, float], time: float) -> Began:
        """Make one of this process."""
        return cls(title, runs, work, time, socket.gethostname(), os.getpid())


@dataclass(frozen=True)
class Started:
    """A step that was started, or submitted to a cluster. Of one that trains nothing `epochs` is 0.

    Trainings of one `kind` take as long for the same `work`.
    """

    job: int
    name: str
    is_run: bool
    log: str
    epochs: int
    kind: str
    work: float
    time: float


@dataclass(frozen=True)
class Ended:
    """A step that ended, well or not."""

    job: int
    well: bool
    time: float


@dataclass(frozen=True)
class Said:
    """A line for people. `style` is how it is set off: "", "error" or "warning"."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Over:
    """Snakemake has nothing more to say."""

    time: float


Event: TypeAlias = Began | Started | Ended | Said | Over
_KINDS = {kind.__name__: kind for kind in (Began, Started, Ended, Said, Over)}


class Journal:
    """The events of the Snakemake that runs now, or ran last, as lines of JSON."""

    def __init__(self, path: Path = JOURNAL) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file: IO[str] = path.open("w", encoding="utf-8")

    def write(self, event: Event) -> None:
        """Add an event, at once; on a full disk it is lost to others, and the study goes on."""
        with suppress(OSError):
            print(json.dumps({"event": type(event).__name__} | asdict(event)), file=self.file, flush=True)


def read(file: IO[str]) -> Iterator[Event]:
    """Yield the events of a journal from where the file stands to the last whole line."""
    while True:
        at = file.tell()
        line = file.readline()
        if not line.endswith("\n"):
            file.seek(at)
            return
        fields = json.loads(line)
        yield _KINDS[fields.pop("event")](**fields)
