"""Errors that a user can mend, shown as one line instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable


class UserError(Exception):
    """Something the user can mend. The message names the file or key and says what to do."""


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`; on a `UserError` print one line on standard error and exit with 1."""
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
