"""Signals as in a terminal: what a shell runs in the background ignores SIGINT, and so does all it starts."""

from __future__ import annotations

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
