"""Mean and deviation that single weights expect, where they are not those of their network.

`normalisations.csv` is made by `tools/list_normalisations.py`. Standard library only: the Snakefile reads
this module to check config.yaml.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

# Mean and deviation of red, green and blue, in 0..1.
Normalisation = tuple[tuple[float, ...], tuple[float, ...]]
TABLE = "normalisations.csv"
COLUMNS = ("weights", "mean", "std")


@cache
def read() -> dict[str, Normalisation]:
    """Return the table, by the network's name, a point, and timm's tag or torchvision's enum name."""
    text = Path(__file__).with_name(TABLE).read_text(encoding="utf-8")
    rows = (line.split(",") for line in text.splitlines()[1:])
    return {name: (numbers(mean), numbers(std)) for name, mean, std in rows}


def numbers(text: str) -> tuple[float, ...]:
    """Return the numbers of a field of the table."""
    return tuple(map(float, text.split()))
