"""Training from a pack larger than the memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from commands import PROCESSES, answer, repeated
from results import Row
from sizes import SIZES


def measure(folder: Path, _given: Path | None) -> Iterator[Row]:
    """How fast, and in how much memory."""
    folder.mkdir()
    gib = SIZES.large_pack * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    command = [sys.executable, str(PROCESSES / "large_pack.py"), str(folder), str(gib)]
    # No warm-up: a pack larger than the memory does not stay there.
    told = repeated(partial(answer, command), warm_ups=0)
    workload = f"train one layer from a pack of {told[0]['pack_mib'] / 1024:.0f} GiB"
    values = [each["images_per_second"] for each in told]
    resident = max(each["resident_mib"] for each in told)
    yield Row.of(workload, "ours, memory of its own", "images/s", values, max(each["mib"] for each in told))
    yield Row.of(workload, "ours, with the pack's pages", "images/s", values, resident)
