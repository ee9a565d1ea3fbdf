"""Paint flowers and what lies behind them, on a canvas of three planes of float32, 3 x H x W, 0 to 1.

Each thing painted has a plane of its own, a matrix that leads from it to the picture's pixels. Colours are
laid over what is there already, so the order of painting is from far to near.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from ablation.photos.drawn.species import OUTLINES, Petal, Species

Array = NDArray[np.float32]
Matrix = NDArray[np.float64]  # 3 x 3: a plane's (u, v, 1) to the picture's (x, y, 1) in pixels

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


def paint_petals(canvas: Array, plane: Matrix, petal: Petal, angles: Sequence[float], rng: Generator) -> None:
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


def paint_flower(canvas: Array, plane: Matrix, species: Species, rng: Generator) -> None:
    places = species.count + (species.lip is not None)
    angles = [math.pi / 2 + 2 * math.pi * k / places for k in range(places)]
    between = [angle + math.pi / places for angle in angles]
    if species.sepal:
        paint_petals(canvas, plane, species.sepal, between, rng)
    paint_petals(canvas, plane, species.petal, angles[places - species.count :], rng)
    if species.inner:
        paint_petals(canvas, plane @ _scaled(species.inner, species.inner), species.petal, between, rng)
    if species.lip:
        paint_petals(canvas, plane, species.lip, angles[:1], rng)
    _paint_centre(canvas, plane, species, rng)


def planes(species: Species, width: int, height: int, rng: Generator) -> list[tuple[Matrix, Matrix]]:
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


def background(width: int, height: int, rng: Generator) -> Array:
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


def developed(canvas: Array, rng: Generator) -> Image.Image:
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
