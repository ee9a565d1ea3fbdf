"""What Snakemake refuses before anything runs: `--quiet all` hides that as well, and would end in silence."""

from __future__ import annotations

import logging
from typing import Any

LOGGER = "snakemake.logging"


def show(workflow: Any) -> logging.Handler | None:
    """Have Snakemake's errors printed though it is to say nothing; return what `leave_to_hooks` takes back.

    Without `--quiet all` it prints them itself.
    """
    if all(one.name != "ALL" for one in workflow.output_settings.quiet or ()):
        return None
    handler = logging.StreamHandler()
    handler.setLevel(logging.ERROR)
    logging.getLogger(LOGGER).addHandler(handler)
    return handler


def leave_to_hooks(handler: logging.Handler | None) -> None:
    """Print no more of them: from the start of the first job on the hooks say what failed."""
    if handler is not None:
        logging.getLogger(LOGGER).removeHandler(handler)
