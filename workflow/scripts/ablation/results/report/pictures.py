"""Pictures within a page: as `data:` addresses, and no larger than a page is to be."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from ablation.running.errors import UserError

# Pixels in a row, and the quality of a WebP: of a picture that everybody sees, and of one on a run's page, of
# which there are many. A sheet of photos takes a tenth of its PNG, or a twentieth.
LARGE, SMALL = (1200, 72), (720, 60)


@dataclass(frozen=True)
class Picture:
    """A picture in a page: what it is called, how to read it, and where to find it (a `data:` address).

    `group` is the heading under which it stands, of those that stand under one.
    """

    name: str
    title: str
    caption: str
    source: str
    group: str = ""


def embedded(path: Path, *, small: bool = False) -> str:
    """Return the address of a picture, a PNG: of a chart its SVG, which lies beside it, else a WebP.

    That is as `LARGE` says; `small` pictures are WebPs as `SMALL` says, charts too. Raises UserError for
    a damaged file.
    """
    chart = path.with_suffix(".svg") if path.suffix != ".svg" else path
    if chart.exists() and not small:
        return _address("svg+xml", chart.read_bytes())
    widest, quality = SMALL if small else LARGE
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        raise UserError(f"{path} is damaged ({error}): delete it and run again") from error
    if picture.width > widest:
        size = widest, round(picture.height * widest / picture.width)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    written = io.BytesIO()
    picture.save(written, "WEBP", quality=quality, method=6)
    return _address("webp", written.getvalue())


def _address(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
