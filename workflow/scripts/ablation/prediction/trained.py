"""A trained network with all that its use needs, from its weight file alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ablation.networks import build
from ablation.photos.wording import some
from ablation.prediction.preparation import Preparation
from ablation.running.errors import UserError

WEIGHTS = "weights.safetensors"


@dataclass(frozen=True)
class Trained:
    """A network in evaluation mode, the names of its outputs in order, and how photos come to it.

    `temperature` is what its outputs are divided by before the softmax, None where nobody fitted one. `about`
    is all that its weight file, `path`, says.
    """

    net: nn.Module
    classes: list[str]
    preparation: Preparation
    temperature: float | None
    about: dict[str, Any]
    path: Path


def load(path: Path) -> Trained:
    """Load the network of a run's or an export's folder, or of a weight file.

    Raises UserError if it is not there, damaged, or of a version that did not record how photos are prepared.
    """
    file = path / WEIGHTS if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"{file} does not exist: name the folder of a finished run, or a weight file")
    net, about = build.restore(file)
    try:
        preparation = Preparation.recorded(about)
    except KeyError as error:
        raise UserError(
            f"{file} does not say how photos are to be prepared (it has no {error.args[0]!r}), as one of an "
            "older version: train the run again"
        ) from error
    calibration = about.get("calibration")
    temperature = calibration["temperature"] if calibration else None
    return Trained(net, about["classes"], preparation, temperature, about, file)


def require_same_classes(ensemble: Sequence[Trained]) -> None:
    """Raise UserError unless all networks have the same outputs."""
    first = ensemble[0]
    for other in ensemble[1:]:
        if other.classes != first.classes:
            different = [name for name in other.classes if name not in first.classes] or other.classes
            raise UserError(
                f"{other.path} has other classes than {first.path} ({some(different, 'class', 'classes')}): "
                "an ensemble is of runs on the same data set"
            )
