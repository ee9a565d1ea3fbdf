"""What a person sees while a stage runs: a progress bar on a terminal, plain lines in the log."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import IO, Any

from tqdm import tqdm

# The rules send standard output and error to the rule's log and keep the terminal as descriptor 3.
TERMINAL_DESCRIPTOR = 3
# Where a process finds the terminal's path if it is started without that descriptor, as torchrun starts its.
TERMINAL_VARIABLE = "ABLATION_TERMINAL"


def hand_on_terminal() -> None:
    """Let the processes that this one starts find the terminal."""
    if os.isatty(TERMINAL_DESCRIPTOR):
        os.environ[TERMINAL_VARIABLE] = os.ttyname(TERMINAL_DESCRIPTOR)


def terminal() -> IO[str] | None:
    """Return a stream to the terminal that a person watches, or None."""
    if path := os.environ.get(TERMINAL_VARIABLE):
        with suppress(OSError):  # it was closed since
            return os.fdopen(os.open(path, os.O_WRONLY | os.O_NOCTTY), "w")
    for descriptor in (TERMINAL_DESCRIPTOR, 2):
        if os.isatty(descriptor):
            return os.fdopen(os.dup(descriptor), "w")
    return None


class Progress:
    """A progress bar over the batches of each epoch; does nothing where nobody watches or unless `shown`."""

    def __init__(self, title: str, epochs: int, *, shown: bool = True) -> None:
        self.title, self.epochs, self.stream = title, epochs, terminal() if shown else None

    def __call__(self, batches: Sequence[Any], epoch: int) -> Iterable[Any]:
        """Wrap the batches of one epoch."""
        if self.stream is None:
            return batches
        title = f"{self.title} {epoch}/{self.epochs}"
        return tqdm(batches, title, file=self.stream, leave=False, dynamic_ncols=True)


def epoch_line(epoch: Any) -> None:
    """Print the figures of a history's `Epoch` on one line."""
    line(
        f"epoch {epoch.epoch}: train loss {epoch.train_loss:.4f} accuracy {epoch.train_accuracy:.4f}, "
        f"validation loss {epoch.val_loss:.4f} accuracy {epoch.val_accuracy:.4f}, "
        f"{epoch.train_seconds + epoch.val_seconds:.1f} s"
    )


def line(text: str) -> None:
    """Print a line at once, also where the output is a file."""
    print(text, flush=True, file=sys.stdout)
