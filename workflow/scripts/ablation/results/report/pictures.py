"""Pictures within a page: as `data:` addresses, and no larger than a page is to be."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from ablation.running.errors import UserError

# Pixels: of more a page shows nothing.
WIDEST = 1200
# Of WebP: what is left out of photos then nobody sees, and a sheet of them takes a quarter of a PNG.
QUALITY = 82


@dataclass(frozen=True)
class Picture:
    """A picture in a page: what it is called, how to read it, and where to find it (a `data:` address)."""

    name: str
    title: str
    caption: str
    source: str


def embedded(path: Path) -> str:
    """Return a picture's address: of a chart (SVG) as it is, of a PNG as WebP of at most `WIDEST` pixels.

    Where a chart has an SVG beside its PNG, that is taken. Raises UserError for a damaged file.
    """
    chart = path.with_suffix(".svg")
    if chart.exists():
        return _address("svg+xml", chart.read_bytes())
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        raise UserError(f"{path} is damaged ({error}): delete it and run again") from error
    if picture.width > WIDEST:
        picture = picture.resize(
            (WIDEST, round(picture.height * WIDEST / picture.width)), Image.Resampling.LANCZOS
        )
    written = io.BytesIO()
    picture.save(written, "WEBP", quality=QUALITY, method=4)
    return _address("webp", written.getvalue())


def _address(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
