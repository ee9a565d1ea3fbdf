"""What a stage says while it runs: plain lines in its log, and a bar where it is run by hand on a terminal.

Snakemake's own view reads the lines of epochs in the logs (chain/progress).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

EPOCH = re.compile(
    r"epoch (?P<epoch>\d+): train loss (?P<train_loss>\S+) accuracy (?P<train_accuracy>\S+), "
    r"validation loss (?P<val_loss>\S+) accuracy (?P<val_accuracy>\S+), (?P<seconds>\S+) s"
)
# The end of a log has the last epochs: so many bytes have about seventy.
_TAIL = 8192


class Progress:
    """A progress bar over the batches of each epoch; does nothing where nobody watches or unless `shown`."""

    def __init__(self, title: str, epochs: int, *, shown: bool = True) -> None:
        self.title, self.epochs, self.shown = title, epochs, shown and sys.stderr.isatty()

    def __call__(self, batches: Sequence[Any], epoch: int) -> Iterable[Any]:
        """Wrap the batches of one epoch."""
        if not self.shown:
            return batches
        return tqdm(batches, f"{self.title} {epoch}/{self.epochs}", leave=False, dynamic_ncols=True)


@dataclass(frozen=True)
class EpochLine:
    """What an epoch's line says: losses in nats, accuracies 0 to 1, wall time in seconds."""

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float


def epoch_line(epoch: Any) -> None:
    """Print the figures of a history's `Epoch` on one line."""
    line(
        f"epoch {epoch.epoch}: train loss {epoch.train_loss:.4f} accuracy {epoch.train_accuracy:.4f}, "
        f"validation loss {epoch.val_loss:.4f} accuracy {epoch.val_accuracy:.4f}, "
        f"{epoch.train_seconds + epoch.val_seconds:.1f} s"
    )


def last_epochs(log: Path) -> list[EpochLine]:
    """Return what the last epochs' lines of a log say; nothing if there is no log, or none in it yet."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    found = map(EPOCH.fullmatch, text.splitlines())
    return [
        EpochLine(int(one["epoch"]), *(float(one[name]) for name in _FIGURES))
        for one in found
        if one is not None
    ]


_FIGURES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "seconds")


def line(text: str) -> None:
    """Print a line at once, also where the output is a file."""
    print(text, flush=True, file=sys.stdout)
