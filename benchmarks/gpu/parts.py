"""The parts of `gpu.sh`, most wanted first. To add one, write its module and add a line to `PARTS`.

Each takes the folder for results and one for what nobody keeps, which all parts share, and yields its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from results import Row

from . import epoch, kernels, modes, prediction, report_study, tests, throughput


@dataclass(frozen=True)
class Part:
    """What a part measures, how, and in how many seconds at most."""

    what: str
    seconds: int
    measure: Callable[[Path, Path], Iterator[Row]]


PARTS = {
    "tests": Part("what the tests ask of the device", 120, tests.measure),
    "throughput": Part("training images a second", 150, throughput.measure),
    "epoch": Part("an epoch of GoogLeNet on as many photos as the report's", 25, epoch.measure),
    "study_shared": Part("the report's experiments, four at a time", 150, report_study.shared),
    "kernels": Part("where a step's time goes", 15, kernels.measure),
    "prediction": Part("new photos classified a second", 30, prediction.measure),
    "modes": Part("without CUDA graphs, and compiled", 40, modes.measure),
    "study": Part("the report's experiments, one at a time", 10, report_study.alone),
}
