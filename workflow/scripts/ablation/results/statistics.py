"""How sure an accuracy is."""

from __future__ import annotations

import math

# The standard normal quantile of a two-sided 95% interval.
Z95 = 1.959963984540054


def wilson_interval(hits: float, photos: int) -> tuple[float, float]:
    """Return the 95% interval (0..1) of an accuracy of `hits` in `photos`.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22.
    """
    share, z2 = hits / photos, Z95**2
    middle = (share + z2 / (2 * photos)) / (1 + z2 / photos)
    half = Z95 / (1 + z2 / photos) * math.sqrt(share * (1 - share) / photos + z2 / (4 * photos**2))
    return max(0.0, middle - half), min(1.0, middle + half)
