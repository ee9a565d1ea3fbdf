"""Photos drawn by the program: flowers of made-up species, for a demo that downloads nothing.

A species is a genome (`Species`) that fixes shape, colours and pattern; a photo adds pose, light,
background, blur and noise. Main attributes are dealt like cards, so that every hue family serves several
species: colour alone does not tell species apart, shape and pattern and colour together do.

Every random number comes from a stream named by (purpose, seed, species, photo). So a photo never depends
on how many others are drawn, nor on their order. Lengths are fractions of the short side or of the
flower's radius, and the size of the picture comes in last, so one photo looks the same at any size.
"""

from __future__ import annotations

import colorsys
import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from ablation.running.errors import UserError
from ablation.running.files import atomic_folder

T = TypeVar("T")
Array = NDArray[np.float32]
Matrix = NDArray[np.float64]  # 3 x 3: a plane's (u, v, 1) to the picture's (x, y, 1) in pixels
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
# Background: least and most (hue, saturation, value, blur in 128ths of the long side), then the number of
# its blobs, their half width in hundredths of the long side, and by how much they are longer than wide.
SCENES = {
    "leaves": ((0.18, 0.30, 0.15, 1.0), (0.40, 0.7, 0.50, 5), 45, 5, 2.5),
    "bokeh": ((0.15, 0.10, 0.15, 0.7), (0.50, 0.5, 0.50, 2), 28, 8, 1.0),
    "soil": ((0.04, 0.20, 0.20, 0.4), (0.11, 0.6, 0.50, 1.6), 130, 2, 1.4),
    "wall": ((0.05, 0.00, 0.25, 3.0), (0.60, 0.25, 0.70, 9), 4, 38, 1.0),
    "sky": ((0.52, 0.15, 0.60, 4.0), (0.60, 0.4, 0.85, 8), 9, 13, 2.5),
}
SKIN = (144, 72)  # texels of a petal's texture, along and across
STEPS = 512  # samples of an outline
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


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


def _near(colour: Colour, rng: Generator, hue: float = 0.03, rest: float = 0.15) -> Colour:
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
    colour = _near(FAMILIES[family], rng)
    second = _near(others[rng.integers(len(others))], rng)
    if rng.random() < 0.6:  # a deep tone of much the same hue, as most flowers have
        second = _near((colour[0] - 0.04 if family else 0.88, 0.9, 0.5), rng)
    width = rng.uniform(*OUTLINES[outline][2:]) * min(1.0, 6.5 / (count + 1.5))
    petal = Petal(outline, 1.0, width, colour, second, pattern, rng.random())
    sepal = lip = None
    if rng.random() < 0.5:
        tone = (0.27, 0.55, 0.55) if rng.random() < 0.5 else others[rng.integers(len(others))]
        shape = ("pointed", "narrow")[rng.integers(2)]
        sepal = Petal(shape, rng.uniform(0.85, 1.1), 0.17, _near(tone, rng), colour)
    if rng.random() < 0.3:
        shape, mark = ("heart", "ruffled", "round")[rng.integers(3)], PATTERNS[rng.integers(1, len(PATTERNS))]
        size, wide = rng.uniform((0.65, 0.42), (0.9, 0.55))
        lip = Petal(shape, size, wide, second, colour, mark, rng.random())
    inner = rng.uniform(0.5, 0.7) if lip is None and rng.random() < 0.35 else 0.0
    disc = rng.uniform(0.07, 0.12) if lip else rng.uniform(0.1, 0.27)
    stamens = int(rng.integers(6, 15)) if lip is None and rng.random() < 0.5 else 0
    return Species(
        count, petal, sepal, inner, lip, disc, _near(CENTRES[rng.integers(len(CENTRES))], rng), stamens
    )


def _step(low: float, high: float, x: Array) -> Array:
    """Rise smoothly from 0 at `low` to 1 at `high` (which may be the smaller)."""
    t: Array = np.clip((x - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _marks(petal: Petal, u: Array, s: Array, rng: Generator) -> Array:
    """How much of the second colour shows at `u` along (0..1) and `s` across (-1..1) the petal."""
    k, shown = petal.repeat, np.zeros(SKIN, np.float32)
    if petal.pattern == "veins":
        lines = np.cos(np.float32(2 * math.pi * (1.5 + round(2 * k))) * s)
        shown = _step(0.25, 0.8, lines) * _step(0.95, 0.6, u)
    elif petal.pattern == "spots":
        size = 0.075 - 0.035 * k
        for at, across, grow in rng.uniform((0.2, -0.75, 0.8), (0.85, 0.75, 1.2), (10 + int(14 * k), 3)):
            far = np.hypot(u - np.float32(at), (s - np.float32(across)) * np.float32(petal.width))
            np.maximum(shown, _step(size * grow, 0.6 * size * grow, far), out=shown)
    elif petal.pattern == "border":
        rim = np.minimum(1 - np.abs(s), (1 - u) * 2.5)
        shown = _step(0.30 + 0.15 * k, 0.15 + 0.15 * k, rim)
    elif petal.pattern == "gradient":
        shown = _step(0.3, 0.95, u) if k < 0.5 else _step(0.8, 0.2, u)
    elif petal.pattern == "eye":
        shown = _step(0.44 + 0.14 * k, 0.36 + 0.14 * k, u + 0.08 * s * s)
    return shown


def _skin(petal: Petal, rng: Generator) -> Array:
    """The petal's texture: three planes of `SKIN` texels, each laid flat."""
    u, s = np.meshgrid(
        np.linspace(0, 1, SKIN[0], dtype=np.float32),
        np.linspace(-1, 1, SKIN[1], dtype=np.float32),
        indexing="ij",
    )
    streaks = rng.normal(0, 0.035, (1, SKIN[1])).astype(np.float32)
    midrib = 0.14 * np.exp(-((s * 9) ** 2))
    light = 0.98 - 0.2 * s * s + streaks - midrib - 0.35 * _step(0.4, 0.0, u)
    one, two = (np.array(colorsys.hsv_to_rgb(*tone), np.float32) for tone in (petal.colour, petal.second))
    shown = _marks(petal, u, s, rng)
    return np.stack([((a + (b - a) * shown) * light).ravel() for a, b in zip(one, two, strict=True)])


def _outline(petal: Petal, rng: Generator) -> tuple[Array, Array]:
    """Half width along the petal, and by what to divide a gap across it to get a distance."""
    a, b = OUTLINES[petal.outline][:2]
    u = np.linspace(0, 1, STEPS)
    width = u**a * (1 - u) ** b
    width *= petal.width / width.max()
    if petal.outline == "ruffled":
        waves = np.sin(2 * math.pi * (5.5 * u + rng.random())) + 0.5 * np.sin(2 * math.pi * 9 * u)
        width *= 1 + 0.09 * waves * np.clip(2 * u - 0.4, 0, 1)
    return width.astype(np.float32), np.hypot(1, np.gradient(width, u)).astype(np.float32)


def _scaled(along: float, across: float) -> Matrix:
    return np.diag((along, across, 1.0))


def _moved(x: float, y: float) -> Matrix:
    return np.array(((1, 0, x), (0, 1, y), (0, 0, 1)), np.float64)


def _turned(angle: float) -> Matrix:
    c, s = math.cos(angle), math.sin(angle)
    return np.array(((c, -s, 0), (s, c, 0), (0, 0, 1)), np.float64)


def _pixel(plane: Matrix) -> np.float32:
    """The side of a pixel, measured in the plane."""
    return np.float32(1 / math.sqrt(abs(plane[0, 0] * plane[1, 1] - plane[0, 1] * plane[1, 0])))


def _window(canvas: Array, plane: Matrix, box: tuple[float, float, float]) -> tuple[Array, Array, Array]:
    """The part of the canvas (maybe empty) that can show -v..v of u0..u1 (`box`), with its u and v."""
    xs, ys, _ = (plane @ np.array([(u, v, 1) for u in box[:2] for v in (-box[2], box[2])]).T).tolist()
    height, width = canvas.shape[1:]
    left, right = max(0, math.floor(min(xs))), max(0, min(width, math.ceil(max(xs))))
    top, bottom = max(0, math.floor(min(ys))), max(0, min(height, math.ceil(max(ys))))
    back = np.linalg.inv(plane).astype(np.float32)
    x = np.arange(left, right, dtype=np.float32)[None, :] + np.float32(0.5)
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5)
    u, v = (row[0] * x + (row[1] * y + row[2]) for row in back[:2])
    return canvas[:, top:bottom, left:right], u, v


def _paint_petals(
    canvas: Array, plane: Matrix, petal: Petal, angles: Sequence[float], rng: Generator
) -> None:
    """Lay petals, each with its soft shadow, that grow at `angles` from the origin of `plane`."""
    skin, sun = _skin(petal, rng), rng.uniform(0, 2 * math.pi)
    width, slope = _outline(petal, rng)
    shade = 0.06 / petal.length
    for angle in angles:
        lean, longer, wider = rng.normal((0, 1, 1), (0.05, 0.05, 0.06))
        bend, wave = rng.uniform((-0.25 * petal.width, 0), (0.25 * petal.width, 2 * math.pi))
        own = plane @ _turned(angle + lean) @ _scaled(petal.length * longer, petal.length * wider)
        part, u, v = _window(canvas, own, (-shade, 1.1 + shade, 1.5 * petal.width + shade))
        v = v - np.float32(bend) * u * u
        if petal.outline == "heart":
            u = u * (1 + np.float32(0.24) * np.exp(-((v / np.float32(0.4 * petal.width)) ** 2)))
        elif petal.outline == "ruffled":
            u = u * (1 + np.float32(0.045) * np.cos(v * np.float32(11 / petal.width) + np.float32(wave)))
        inside = np.clip(u, 0, 1)
        step = (inside * (STEPS - 1)).astype(np.intp)
        half, over = width.take(step), np.abs(u - inside)
        gap = half - np.abs(v)
        mask = np.clip((gap / slope.take(step) - over) / _pixel(own) + np.float32(0.5), 0, 1)
        shadow = 1 - np.float32(0.35) * np.clip((gap - over) / np.float32(shade) + 1, 0, 1)
        across = np.clip(v / np.maximum(half, np.float32(1e-4)), -1, 1) + 1
        texel = (inside * (SKIN[0] - 1)).astype(np.intp) * SKIN[1]
        texel += (across * ((SKIN[1] - 1) / 2)).astype(np.intp)
        lit = skin * np.float32(1 + 0.1 * math.cos(angle - sun))
        for plate, colours in zip(part, lit, strict=True):
            plate *= shadow
            plate += (colours.take(texel) - plate) * mask


def _paint_centre(canvas: Array, plane: Matrix, species: Species, rng: Generator) -> None:
    """Lay the stamens and then the disc: speckled domes with a shadow."""
    grains = rng.normal(0, 0.1, (24, 24)).astype(np.float32)
    turn, far = rng.uniform(0, 2 * math.pi), species.disc + 0.11
    steps = [turn + 2 * math.pi * k / species.stamens for k in range(species.stamens)]
    domes = [(far * math.cos(t), far * math.sin(t), 0.035) for t in steps] + [(0.0, 0.0, species.disc)]
    for x, y, radius in domes:
        own = plane @ _moved(x, y) @ _scaled(radius, radius)
        part, u, v = _window(canvas, own, (-1.4, 1.4, 1.4))
        r = np.hypot(u, v)
        mask = np.clip((1 - r) / _pixel(own) + np.float32(0.5), 0, 1)
        cell = [np.clip((axis + 1) * 12, 0, 23).astype(np.intp) for axis in (u, v)]
        light = (np.float32(1.02) - np.float32(0.4) * r * r + grains[cell[0], cell[1]]) * mask
        rest = (1 - mask) * (1 - np.float32(0.35) * np.clip((np.float32(1.4) - r) * 3, 0, 1))
        for plate, tone in zip(part, colorsys.hsv_to_rgb(*species.disc_colour), strict=True):
            plate *= rest
            plate += np.float32(tone) * light


def _paint_flower(canvas: Array, plane: Matrix, species: Species, rng: Generator) -> None:
    places = species.count + (species.lip is not None)
    angles = [math.pi / 2 + 2 * math.pi * k / places for k in range(places)]
    between = [angle + math.pi / places for angle in angles]
    if species.sepal:
        _paint_petals(canvas, plane, species.sepal, between, rng)
    _paint_petals(canvas, plane, species.petal, angles[places - species.count :], rng)
    if species.inner:
        _paint_petals(canvas, plane @ _scaled(species.inner, species.inner), species.petal, between, rng)
    if species.lip:
        _paint_petals(canvas, plane, species.lip, angles[:1], rng)
    _paint_centre(canvas, plane, species, rng)


def _planes(species: Species, width: int, height: int, rng: Generator) -> list[tuple[Matrix, Matrix]]:
    """Of one to three flowers, the farthest first: a plane that faces us and the flower's own."""
    planes = []
    radius = rng.uniform(0.175, 0.45) * min(width, height)
    away = 0.05  # now and then the frame cuts the flower
    x, y = rng.uniform(0.5 - away, 0.5 + away, 2) * (width, height)
    for more in range(1 + int(rng.choice(3, p=(1.0, 0.0, 0.0)))):
        angle, far, size = rng.uniform((0, 1.2, 0.5), (2 * math.pi, 1.8, 0.85)) if more else (0, 0, 1)
        middle = _moved(x + radius * far * math.cos(angle), y + radius * far * math.sin(angle))
        facing = middle @ _scaled(radius * size, radius * size)
        lean = 0.7 if species.lip else math.pi  # a lip hangs down
        turn, tilt, squash = rng.uniform((-lean, 0, 0.8), (lean, math.pi, 1.0))
        planes.append((facing, facing @ _turned(tilt) @ _scaled(1, squash) @ _turned(turn - tilt)))
    return planes[::-1]


def _background(width: int, height: int, rng: Generator) -> Array:
    """An unsharp scene in random colours, drawn small and then enlarged."""
    low, high, blobs, part, long = list(SCENES.values())[rng.integers(len(SCENES))]
    *base, blur = rng.uniform(low, high)
    w, h = (max(1, round(128 * side / max(width, height))) for side in (width, height))
    x, y, size, angle = rng.uniform((0, 0, 0.64 * part, 0), (w, h, 1.28 * part, 2 * math.pi), (blobs, 4)).T
    shifts = rng.uniform((-0.05, 0.5, 0.6), (0.05, 1.2, 1.6), (blobs, 3)) - (0, 1, 1)
    tones = np.clip(np.array(base) + np.vstack((np.zeros(3), shifts)) * (1, base[1], base[2]), (-1, 0, 0), 1)
    colours = [
        tuple(int(255 * c) for c in colorsys.hsv_to_rgb(hue % 1, *rest)) for hue, *rest in tones.tolist()
    ]
    image = Image.new("RGB", (w, h), colours[0])
    pen = ImageDraw.Draw(image)
    ring = np.exp(2j * math.pi * np.arange(16) / 16)[:, None]
    rims = x + 1j * y + np.exp(1j * angle) * size * (long * ring.real + 1j * ring.imag)
    for rim, colour in zip(np.stack((rims.real, rims.imag), 2).swapaxes(0, 1), colours[1:], strict=True):
        pen.polygon(rim.ravel().tolist(), fill=colour)
    image = image.filter(ImageFilter.GaussianBlur(float(blur)))
    image = image.resize((width, height), Image.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(image, np.float32).transpose(2, 0, 1)) / np.float32(255)


def _developed(canvas: Array, rng: Generator) -> Image.Image:
    """Light, blur and sensor noise turn the planes 0..1 into a picture."""
    height, width = canvas.shape[1:]
    exposure, contrast, warmth, angle = rng.uniform((0.88, 0.92, -0.04, 0), (1.08, 1.08, 0.04, 2 * math.pi))
    slope, blur, noise = rng.uniform((0, 0, 1), (0.15, 1.5, 4))
    x = np.linspace(-slope, slope, width, dtype=np.float32)[None, :] * np.float32(math.cos(angle))
    y = np.linspace(-slope, slope, height, dtype=np.float32)[:, None] * np.float32(math.sin(angle))
    light = (1 + x + y) * np.float32(255 * exposure * contrast)
    lifted = np.float32(110 * (1 - contrast))
    bands = [
        Image.fromarray(np.clip(plate * (light * np.float32(gain)) + lifted, 0, 255).astype(np.uint8))
        for plate, gain in zip(canvas, (1 + warmth, 1.0, 1 - warmth), strict=True)
    ]
    image = Image.merge("RGB", bands)
    image = image.filter(ImageFilter.GaussianBlur(float(blur) * max(height, width) / 640))
    grain = rng.standard_normal((height, width, 1), dtype=np.float32) * np.float32(noise)
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def photo(seed: int, species: int, number: int, size: tuple[int, int]) -> Image.Image:
    """Photo `number` of a species; `size` is (long side, short side), and the photo chooses how it lies."""
    rng = np.random.default_rng((PHOTO, seed, species, number))
    width, height = size if rng.random() < 0.5 else size[::-1]
    genome = species_of(seed, species)
    petal = replace(genome.petal, colour=_near(genome.petal.colour, rng, 0.015, 0.12))
    flower = replace(genome, petal=petal)
    green = _near((0.27, 0.55, 0.45), rng)
    stem = Petal("narrow", 5.0, 0.011, green, green)
    canvas = _background(width, height, rng)
    for facing, plane in _planes(flower, width, height, rng):
        _paint_petals(canvas, facing, stem, (math.pi / 2 + rng.uniform(-0.6, 0.6),), rng)
        _paint_flower(canvas, plane, flower, rng)
    return _developed(canvas, rng)


def _names(seed: int, species: int, photos: int) -> list[list[str]]:
    """The file names per species: all different, and none tells the species."""
    taken: dict[str, None] = {}
    for category in range(species):
        for number in range(photos):
            rng, name = np.random.default_rng((NAME, seed, category, number)), ""
            while not name or name in taken:
                name = "".join(ALPHABET[k] for k in rng.integers(len(ALPHABET), size=10)) + ".jpg"
            taken[name] = None
    names = list(taken)
    return [names[start : start + photos] for start in range(0, len(names), photos)]


def draw(root: Path, species: int, photos: int, seed: int, size: tuple[int, int] = (640, 480)) -> None:
    """Make the folder `root`, or replace it, with `species` x `photos` JPEGs and their `label.csv`.

    It appears when all are written. Raises UserError for arguments out of range, and where the disk
    refuses.
    """
    for key, value, least in (("species", species, 1), ("photos", photos, 1), ("seed", seed, 0)):
        if value < least:
            raise UserError(f"drawn photos: {key} is {value}; it must be {least} or more")
    if len(size) != 2 or min(size) < 32 or size[0] < size[1]:
        raise UserError(f"drawn photos: size is {size}; give (long side, short side), each 32 pixels or more")
    names = _names(seed, species, photos)
    with atomic_folder(root) as folder:
        for category, files in enumerate(names):
            for number, name in enumerate(files):
                # Not straight to the file: of its last bytes Pillow does not notice that they do not fit.
                buffer = io.BytesIO()
                photo(seed, category, number, size).save(buffer, "JPEG", quality=90)
                (folder / name).write_bytes(buffer.getbuffer())
        with (folder / "label.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("filename", "category"))
            writer.writerows((name, category) for category, files in enumerate(names) for name in files)
