"""Class-activation maps over photos: what spoke for the class they were taken for, and for the true one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.results.figures import fonts
from ablation.results.figures.canvas import DPI, RIGHT, WRONG, canvas, marked, save, short, wrapped
from ablation.running.files import atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL.Image import Image

    from ablation.photos.pack import Pixels

# Pixels. Photos whose longer side is below the first are shown a whole number of times as large, above the
# second a whole number of times smaller, so that each pixel of the rest is one of the picture.
SMALLEST, LARGEST = 160, 512
# Pixels: the narrowest column, around all, between the photos of a row, between right and wrong ones, between
# rows; a line of text, and one of its letters.
COLUMN, MARGIN, GAP, ALLEY, BELOW, LINE, LETTER = 190, 20, 10, 44, 24, 20, 8
FONT = 9
TITLE = "What the winner looks at"
CAPTION = (
    "Photos of which the winner is surest, right and wrong ones, and where in them it found what speaks for "
    "the class that it took them for; of wrong ones also for the true class. Bright is much. A bright "
    "background says that the network learned the place, and not the thing."
)
# How much of a pixel is the map's colour, and how much white where the network saw nothing.
OF_MAP, OF_WHITE = 0.55, 0.75
COLOURS = "inferno"
JPEG_QUALITY = 92


@dataclass(frozen=True)
class Explained:
    """A photo, upright, its class and the one it was taken for with which confidence (0..1), and its maps.

    `maps` are float32 height x width, 0..1, NaN where the network saw nothing: of the class it was taken for
    and, where that is wrong, of the true one.
    """

    true: str
    predicted: str
    confidence: float
    photo: Image
    maps: tuple[Any, ...]

    @property
    def right(self) -> bool:
        """Tell whether the photo was taken for what it is."""
        return self.true == self.predicted

    @property
    def is_cut(self) -> bool:
        """Tell whether the network saw but some of the photo."""
        import numpy as np

        return any(bool(np.isnan(one).any()) for one in self.maps)


def overlaid(photo: Image, values: Any) -> Image:
    """Return a photo under its map (float32 height x width, 0..1): dark where little speaks for the class.

    What the network did not see (NaN) is nearly white.
    """
    import matplotlib
    import numpy as np
    from PIL import Image

    table = matplotlib.colormaps[COLOURS](np.arange(256), bytes=True)[:, :3]
    unseen = np.isnan(values)
    levels = np.rint(np.where(unseen, 0, values) * 255).astype(np.uint8)
    found = Image.blend(photo, Image.fromarray(table[levels]), OF_MAP)
    if unseen.any():
        pale = Image.blend(photo, Image.new("RGB", photo.size, "white"), OF_WHITE)
        found.paste(pale, mask=Image.fromarray(unseen.astype(np.uint8) * 255))
    return found


def shown(photo: Image) -> Pixels:
    """Return a photo as large as it is shown: uint8 height x width x 3."""
    import numpy as np

    longest = max(photo.size)
    if longest > LARGEST:
        return np.asarray(photo.reduce(-(-longest // LARGEST)))
    times = -(-SMALLEST // longest)
    return np.asarray(photo).repeat(times, axis=0).repeat(times, axis=1)


@dataclass(frozen=True)
class Panel:
    """What is shown beside each other: uint8 height x width x 3, and the text above it."""

    pixels: Pixels
    text: str


def panels(one: Explained) -> list[Panel]:
    """Return what is shown of a photo from left to right: itself and its maps."""
    taken = named(one.predicted) if one.right else f"taken for {named(one.predicted)}"
    texts = [f"{taken} ({one.confidence:.0%})", f"what speaks for {named(one.true)}"]
    found = [Panel(shown(one.photo), named(one.true))]
    for values, text in zip(one.maps, texts, strict=False):
        # NaN is not above 0.
        nothing = "" if (values > 0).any() else ": nothing in this photo"
        found.append(Panel(shown(overlaid(one.photo, values)), f"{text}{nothing}"))
    return found


def named(name: str) -> str:
    """Return a class's name as it stands among other words."""
    return marked(short(name, 40))


def write(one: Explained, beginning: str, folder: Path) -> None:
    """Write a photo under each of its maps as JPEG, as large as it is; file names begin as is given."""
    folder.mkdir(parents=True, exist_ok=True)
    for values, whose in zip(one.maps, ("predicted", "true"), strict=False):
        with atomic(folder / f"{beginning}-{whose}.jpg") as temporary:
            overlaid(one.photo, values).save(temporary, format="JPEG", quality=JPEG_QUALITY)


@dataclass(frozen=True)
class Block:
    """Rows of panels in columns of one width, which begin so many pixels from the left; texts of a colour."""

    rows: Sequence[Sequence[Panel]]
    left: int
    colour: str

    @property
    def column(self) -> int:
        """The width of a column: that of its widest panel, but with room for a text."""
        return max(COLUMN, *(len(one.pixels[0]) for row in self.rows for one in row))

    @property
    def columns(self) -> int:
        """How many there are."""
        return len(self.rows[0])

    @property
    def end(self) -> int:
        """Where it ends, in pixels from the left."""
        return self.left + self.columns * (self.column + GAP) - GAP

    def text(self, panel: Panel) -> str:
        """Return a panel's text in lines as long as a column is wide."""
        return wrapped(panel.text, self.column // LETTER)

    def above(self, row: int) -> int:
        """Return the pixels that the texts above a row take, 0 if there is no such row."""
        lines = [self.text(one).count("\n") + 1 for one in self._row(row)]
        return LINE * max(lines, default=0)

    def height(self, row: int) -> int:
        """Return the pixels that a row is high, 0 if there is no such row."""
        return max((len(one.pixels) for one in self._row(row)), default=0)

    def _row(self, row: int) -> Sequence[Panel]:
        return self.rows[row] if row < len(self.rows) else ()


def draw(right: Sequence[Sequence[Panel]], wrong: Sequence[Sequence[Panel]], title: str, path: Path) -> None:
    """Draw the panels of right photos and beside them those of wrong ones, a row each, under a title, as PNG.

    There is at least one photo.
    """
    import numpy as np

    fonts.use([title, *(panel.text for row in (*right, *wrong) for panel in row)])
    blocks: list[Block] = []
    for rows, colour in ((right, RIGHT), (wrong, WRONG)):
        if rows:
            blocks.append(Block(rows, blocks[-1].end + ALLEY if blocks else MARGIN, colour))
    width = blocks[-1].end + MARGIN
    head = wrapped(title, (width - 2 * MARGIN) // LETTER)
    height = MARGIN + LINE * (head.count("\n") + 1)
    tops: list[int] = []
    for row in range(max(len(right), len(wrong))):
        height += (BELOW if tops else GAP) + max(one.above(row) for one in blocks)
        tops.append(height)
        height += max(one.height(row) for one in blocks)
    height += MARGIN
    # Half a pixel more, since what is left of one is cut off.
    size = (width + 0.5, height + 0.5)
    columns = sum(one.columns for one in blocks)
    figure, found = canvas(size[0] / DPI, size[1] / DPI, len(tops), columns)
    # Not by what matplotlib finds best: a pixel of a photo is to be one of the picture.
    figure.set_layout_engine("none")
    every = np.reshape(found, (len(tops), columns))
    for axes in every.flat:
        axes.axis("off")
    before = 0
    for block in blocks:
        for shown_beside, top, beside in zip(block.rows, tops, every, strict=False):
            for k, panel in enumerate(shown_beside):
                place(
                    beside[before + k],
                    panel.pixels,
                    block.left + k * (block.column + GAP),
                    height - top,
                    size,
                )
                write_above(beside[before + k], block.text(panel), block.colour if k else "black")
        before += block.columns
    place_of_title = (MARGIN / size[0], 1 - MARGIN / 2 / size[1])
    figure.text(*place_of_title, head, fontsize=FONT, va="top", parse_math=False)
    save(figure, path, photos=True)


def write_above(axes: Axes, text: str, colour: str) -> None:
    """Write a text above what axes show; a class in it may be called "$5 or $10"."""
    axes.set_title(text, loc="left", fontsize=FONT, color=colour, parse_math=False)


def place(axes: Axes, pixels: Pixels, left: int, top: int, size: tuple[float, float]) -> None:
    """Show pixels as they are; `left` and `top` are counted from the lower left of a figure of a size."""
    height, width = pixels.shape[:2]
    axes.imshow(pixels, interpolation="none", aspect="auto")
    axes.set_position((left / size[0], (top - height) / size[1], width / size[0], height / size[1]))


def draw_missing(why: str, path: Path) -> None:
    """Draw a picture that says why there are no maps."""
    text = wrapped(why, 90)
    figure, axes = canvas(9, 0.8 + 0.25 * text.count("\n"))
    axes.axis("off")
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=FONT + 1, parse_math=False)
    save(figure, path, photos=True)
