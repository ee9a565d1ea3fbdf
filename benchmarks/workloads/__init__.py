"""What is measured. To add a workload, add its module here, a line to `WORKLOADS`, and its sizes to sizes.py.

Each takes a folder that is not there yet, and the user's photos if there are any, and yields its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from results import Row

from . import large_folder, large_pack, packing, prediction, scaling, short_run, startup, throughput

WORKLOADS: dict[str, Callable[[Path, Path | None], Iterator[Row]]] = {
    "throughput": throughput.measure,
    "short_run": short_run.measure,
    "packing": packing.measure,
    "prediction": prediction.measure,
    "large_folder": large_folder.measure,
    "large_pack": large_pack.measure,
    "startup": startup.measure,
    "scaling": scaling.measure,
}
