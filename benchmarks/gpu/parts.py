"""The parts of `gpu.sh`, most wanted first. To add one, write its module and add a line to `PARTS`.

Each takes the folder for results and one for what nobody keeps, which all parts share, and yields its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from results import Row

from . import epoch, kernels, modes, report_study, tests, throughput


@dataclass(frozen=True)
class Part:
    """What a part measures, how, and in how many seconds at most."""

    what: str
    seconds: int
    measure: Callable[[Path, Path], Iterator[Row]]


PARTS = {
    "tests": Part("what the tests ask of the device", 80, tests.measure),
    "throughput": Part("training images a second", 130, throughput.measure),
    "epoch": Part("an epoch of GoogLeNet on as many photos as the report's", 30, epoch.measure),
    "study_shared": Part("the report's experiments, four at a time", 100, report_study.shared),
    "kernels": Part("where a step's time goes", 20, kernels.measure),
    "study": Part("the report's experiments, one at a time", 100, report_study.alone),
    "modes": Part("without CUDA graphs, and compiled", 80, modes.measure),
}
