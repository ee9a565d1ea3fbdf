"""Errors that a user can mend, shown as one line instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ablation.running.signals import RESUMABLE, Resumable

# What the line of an error begins with.
ERROR = "error: "


class UserError(Exception):
    """Something the user can mend. The message names the file or key and says what to do."""


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`; on a `UserError` print one line on standard error and exit with 1.

    A training that left a checkpoint behind exits with `signals.RESUMABLE`.
    """
    try:
        main()
    except UserError as error:
        sys.exit(f"{ERROR}{error}")
    except Resumable as stop:
        print(f"{ERROR}{stop}", file=sys.stderr)
        sys.exit(RESUMABLE)
