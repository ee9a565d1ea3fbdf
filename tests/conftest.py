"""Signals as in a terminal: in the background, or under nohup, some are ignored by all that is started."""

from __future__ import annotations

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
