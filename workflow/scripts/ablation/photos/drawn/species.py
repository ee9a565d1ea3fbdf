"""Species of flowers: the genome of each, drawn from its seed.

Main attributes are dealt like cards, so that every hue family serves several species: colour alone does not
tell species apart, shape and pattern and colour together do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.random import Generator

T = TypeVar("T")
Colour = tuple[float, float, float]  # hue, saturation, value; each 0..1

# Purposes of the random streams. They lead the seed because numpy pads a seed with zeros: without them
# (seed, species) and (seed, species, 0) would be one stream.
DEAL, GENOME, PHOTO, NAME = 1, 2, 3, 4

# A petal's half width at the fraction u of its length goes as u**a * (1 - u)**b.
# Outline: (a, b, least and most half width over length).
OUTLINES = {
    "round": (0.70, 0.42, 0.30, 0.42),
    "pointed": (0.75, 0.95, 0.20, 0.30),
    "heart": (0.95, 0.40, 0.34, 0.44),
    "narrow": (0.45, 0.50, 0.09, 0.14),
    "ruffled": (0.80, 0.45, 0.32, 0.42),
}
PATTERNS = ("plain", "veins", "spots", "border", "gradient", "eye")
COUNTS = (3, 4, 5, 6, 7, 8)
FAMILIES: tuple[Colour, ...] = (
    (0.12, 0.06, 0.98),  # white
    (0.15, 0.45, 0.98),  # cream
    (0.14, 0.90, 0.97),  # yellow
    (0.075, 0.88, 0.95),  # orange
    (0.00, 0.85, 0.85),  # red
    (0.02, 0.45, 0.97),  # salmon
    (0.93, 0.35, 0.97),  # pink
    (0.89, 0.80, 0.85),  # magenta
    (0.82, 0.85, 0.50),  # purple
    (0.75, 0.40, 0.92),  # lavender
    (0.68, 0.75, 0.80),  # violet
    (0.60, 0.70, 0.90),  # blue
)
CENTRES: tuple[Colour, ...] = ((0.13, 0.85, 0.95), (0.08, 0.75, 0.35), (0.22, 0.6, 0.6), (0.12, 0.15, 0.95))


@dataclass(frozen=True)
class Petal:
    """One kind of petal. `length` is in flower radii, `width` is half the width over the length."""

    outline: str
    length: float
    width: float
    colour: Colour
    second: Colour
    pattern: str = "plain"
    repeat: float = 0.5  # 0..1: how many veins or spots, how wide a border or an eye


@dataclass(frozen=True)
class Species:
    """The genome: all that the flowers of one species share, whatever the photo."""

    count: int
    petal: Petal
    sepal: Petal | None  # a whorl behind the petals
    inner: float  # relative size of a second layer of petals, or 0
    lip: Petal | None  # an orchid's lowest petal, in place of an ordinary one
    disc: float  # radius of the centre in flower radii
    disc_colour: Colour
    stamens: int  # dots round the centre, or 0


def _dealt(options: Sequence[T], deck: int, seed: int, species: int) -> T:
    """Deal `options` to the species in shuffled rounds, so that each serves equally many of them."""
    turn, place = divmod(species, len(options))
    order = np.random.default_rng((DEAL, deck, seed, turn)).permutation(len(options))
    return options[int(order[place])]


def near(colour: Colour, rng: Generator, hue: float = 0.03, rest: float = 0.15) -> Colour:
    """A colour at most so far away in hue and, relatively, in saturation (and half that in value)."""
    h, s, v = np.array(colour) * (1, *rng.uniform((1 - rest, 1 - rest / 2), (1 + rest, 1 + rest / 2)))
    return float(h + rng.uniform(-hue, hue)) % 1.0, min(float(s), 1.0), min(float(v), 1.0)


@lru_cache
def species_of(seed: int, species: int) -> Species:
    """The genome of one species of a seed."""
    rng = np.random.default_rng((GENOME, seed, species))
    outline, pattern = _dealt([(o, p) for o in OUTLINES for p in PATTERNS], 0, seed, species)
    family = _dealt(range(len(FAMILIES)), 1, seed, species)
    count = _dealt(COUNTS, 2, seed, species)
    others = [tone for tone in FAMILIES if tone != FAMILIES[family]]
    colour = near(FAMILIES[family], rng)
    second = near(others[rng.integers(len(others))], rng)
    if rng.random() < 0.6:  # a deep tone of much the same hue, as most flowers have
        second = near((colour[0] - 0.04 if family else 0.88, 0.9, 0.5), rng)
    width = rng.uniform(*OUTLINES[outline][2:]) * min(1.0, 6.5 / (count + 1.5))
    petal = Petal(outline, 1.0, width, colour, second, pattern, rng.random())
    sepal = lip = None
    if rng.random() < 0.5:
        tone = (0.27, 0.55, 0.55) if rng.random() < 0.5 else others[rng.integers(len(others))]
        shape = ("pointed", "narrow")[rng.integers(2)]
        sepal = Petal(shape, rng.uniform(0.85, 1.1), 0.17, near(tone, rng), colour)
    if rng.random() < 0.3:
        shape, mark = ("heart", "ruffled", "round")[rng.integers(3)], PATTERNS[rng.integers(1, len(PATTERNS))]
        size, wide = rng.uniform((0.65, 0.42), (0.9, 0.55))
        lip = Petal(shape, size, wide, second, colour, mark, rng.random())
    inner = rng.uniform(0.5, 0.7) if lip is None and rng.random() < 0.35 else 0.0
    disc = rng.uniform(0.07, 0.12) if lip else rng.uniform(0.1, 0.27)
    stamens = int(rng.integers(6, 15)) if lip is None and rng.random() < 0.5 else 0
    return Species(
        count, petal, sepal, inner, lip, disc, near(CENTRES[rng.integers(len(CENTRES))], rng), stamens
    )
