"""Why a step failed, in one line, from what it left in its log. Standard library only."""

from __future__ import annotations

from pathlib import Path

from ablation.running.errors import ERROR

TRACEBACK = "Traceback (most recent call last):"


def reason(log: Path) -> str:
    """Return the error in a failed step's log: the message for the user, or the exception."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    lines = [line.strip() for line in lines if line.strip()]
    told = [line.removeprefix(ERROR) for line in lines if line.startswith(ERROR)]
    if told:
        return told[-1]
    if TRACEBACK in lines:
        return f"{lines[-1]} (see {log})"
    return f"ended without a message, as when memory ran out or it was killed (see {log})"
