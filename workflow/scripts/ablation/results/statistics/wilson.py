"""How sure one run's accuracy is. Standard library only: the Snakefile imports this."""

from __future__ import annotations

from typing import Any

# The standard normal quantile of a two-sided 95% interval.
Z95 = 1.959963984540054


def score_interval(share: Any, size: Any, quantile: Any) -> tuple[Any, Any]:
    """Return the ends of the score interval of a share (0..1) of `size` trials, floats or arrays of them.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22. Rounding
    may put an end beyond 0, 1 or the share by some 1e-17.
    """
    q2 = quantile**2
    middle = (share + q2 / (2 * size)) / (1 + q2 / size)
    half = quantile / (1 + q2 / size) * (share * (1 - share) / size + q2 / (4 * size**2)) ** 0.5
    return middle - half, middle + half


def wilson_interval(hits: float, photos: float) -> tuple[float, float]:
    """Return the 95% interval (0..1) of an accuracy of `hits` in `photos`, one or more: Wilson's.

    It is about the network that was tried, on new photos of the kind. By simulation it holds the truth in 94%
    to 96% (docs/statistics.md); it always holds hits / photos.
    """
    share = hits / photos
    low, high = score_interval(share, photos, Z95)
    return max(0.0, min(low, share)), min(1.0, max(high, share))
