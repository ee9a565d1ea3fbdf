"""How sure a network says that it is, against how often it is right.

Outputs are float32 N x classes, as `outputs.npy` has them, labels int64 N, confidences and probabilities
0..1. A confidence is the probability of the class that is guessed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ablation.results.metrics import Labels
from ablation.results.outputs import Outputs

Probabilities = np.ndarray[Any, np.dtype[np.float64]]
Hits = np.ndarray[Any, np.dtype[np.bool_]]

BINS = 15
# Beyond these the validation photos do not say which temperature: few or none are wrong, or nearly all.
LOWEST, HIGHEST = 1 / 20, 20.0


@dataclass(frozen=True)
class Calibration:
    """A temperature, and the expected calibration error (0..1) of `photos` without it and with it.

    `ece` is that of the network's own confidences. Both errors, and the fit, are of the same photos: of new
    ones the second is a little higher.
    """

    temperature: float
    ece: float
    calibrated_ece: float
    photos: int

    @classmethod
    def of(cls, outputs: Outputs, labels: Labels) -> Calibration:
        """Fit a temperature to validation photos, one or more, and say what it changes."""
        found = temperature(outputs, labels)
        return cls(found, *errors(outputs, labels, found), len(labels))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


@dataclass(frozen=True)
class Threshold:
    """The confidence from which photos are classified with a wanted `accuracy`, and how many those are.

    `confidence` is above 1 where no confidence is enough. `reached` is the accuracy of those `kept` of the
    `photos` that validated (None of none), by whom it was chosen: of new photos it is a little lower.
    """

    accuracy: float
    confidence: float
    reached: float | None
    kept: int
    photos: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def probabilities(outputs: Outputs, temperature: float = 1.0) -> Probabilities:
    """Return the softmax of outputs divided by a temperature, float64 N x classes."""
    wide = outputs.astype(np.float64) / temperature
    wide -= wide.max(1, keepdims=True)
    raised = np.exp(wide)
    found: Probabilities = raised / raised.sum(1, keepdims=True)
    return found


def confident(found: Probabilities, labels: Labels) -> tuple[Probabilities, Hits]:
    """Return the confidence of each photo, and whether its guess, the first of ties, is right."""
    return found.max(1), found.argmax(1) == labels


def temperature(outputs: Outputs, labels: Labels) -> float:
    """Return what outputs are to be divided by for the lowest cross-entropy, from `LOWEST` to `HIGHEST`.

    Guo et al. (2017), "On calibration of modern neural networks", ICML. The cross-entropy is convex in the
    inverse temperature, so that its derivative changes its sign once. Where every photo is right it falls
    without end as the temperature does: then nothing says how sure to be, and it is 1.
    """
    # Here alone: it would have a photo's prediction begin 0.2 s later.
    from scipy import optimize

    wide = outputs.astype(np.float64)
    of_labels = wide[np.arange(len(labels)), labels]
    if (of_labels == wide.max(1)).all():
        return 1.0

    def slope(logarithm: float) -> float:
        """Return by how much the cross-entropy falls as the temperature rises, but for a positive factor."""
        expected = (probabilities(outputs, np.exp(logarithm)) * wide).sum(1)
        return float((expected - of_labels).mean())

    low, high = np.log(LOWEST), np.log(HIGHEST)
    if slope(low) <= 0:
        return LOWEST
    if slope(high) >= 0:
        return HIGHEST
    return float(np.exp(optimize.brentq(slope, low, high)))


def errors(outputs: Outputs, labels: Labels, temperature: float) -> tuple[float, float]:
    """Return the expected calibration error (0..1) of photos without a temperature and with it."""
    first, second = (
        expected_calibration_error(*confident(probabilities(outputs, each), labels))
        for each in (1.0, temperature)
    )
    return first, second


def expected_calibration_error(confidences: Probabilities, hits: Hits, bins: int = BINS) -> float:
    """Return the mean, over photos, of how far accuracy and mean confidence of their bin are apart (0..1).

    Naeini et al. (2015), "Obtaining well calibrated probabilities using Bayesian binning", AAAI; bins as Guo
    et al. (2017) have them: of equal width, each with its upper end.
    """
    place = np.clip(np.ceil(confidences * bins).astype(np.int64) - 1, 0, bins - 1)
    # Of each bin the sum of confidences less that of hits.
    apart = np.bincount(place, confidences - hits, minlength=bins)
    return float(np.abs(apart).sum() / len(confidences))


def threshold(confidences: Probabilities, hits: Hits, accuracy: float) -> Threshold:
    """Return the lowest confidence so that the photos of it or more are right with an accuracy (0..1)."""
    order = np.argsort(-confidences, kind="stable")
    ranked = confidences[order]
    reached = np.cumsum(hits[order]) / np.arange(1, len(hits) + 1)
    # Photos of one confidence are kept together or not at all.
    last_of_equals = np.append(ranked[1:] < ranked[:-1], True)
    enough = np.flatnonzero((reached >= accuracy) & last_of_equals)
    if not len(enough):
        return Threshold(accuracy, float(np.nextafter(1.0, 2.0)), None, 0, len(hits))
    last = int(enough[-1])
    return Threshold(accuracy, float(ranked[last]), float(reached[last]), last + 1, len(hits))
