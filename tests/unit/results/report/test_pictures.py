"""Pictures as addresses: no wider than a page, an SVG as it is, a damaged one refused."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ablation.results.report.pictures import LARGE, SMALL, embedded
from ablation.running.errors import UserError


def opened(address: str) -> Image.Image:
    kind, _, content = address.partition(",")
    assert kind == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


@pytest.mark.parametrize(("size", "shown"), [((40, 30), (40, 30)), ((2400, 1000), (LARGE[0], 500))])
def test_a_png_is_no_wider_than_the_page(
    tmp_path: Path, size: tuple[int, int], shown: tuple[int, int]
) -> None:
    pixels = np.linspace(0, 255, size[0], dtype=np.uint8)[None, :, None].repeat(size[1], 0).repeat(3, 2)
    Image.fromarray(pixels).save(tmp_path / "one.png")
    picture = opened(embedded(tmp_path / "one.png"))
    assert picture.size == shown
    found = np.asarray(picture.convert("RGB").resize(size), dtype=float)
    assert np.abs(found - pixels).mean() < 3


def test_a_chart_is_its_svg(tmp_path: Path) -> None:
    (tmp_path / "one.svg").write_bytes(b"<svg/>")
    assert (
        embedded(tmp_path / "one.png") == f"data:image/svg+xml;base64,{base64.b64encode(b'<svg/>').decode()}"
    )


def test_a_small_chart_is_its_png(tmp_path: Path) -> None:
    (tmp_path / "one.svg").write_bytes(b"<svg/>")
    Image.new("RGB", (2 * SMALL[0], 1000)).save(tmp_path / "one.png")
    assert opened(embedded(tmp_path / "one.png", small=True)).size == (SMALL[0], 500)


@pytest.mark.parametrize("content", [b"", b"stand-in", b"\x89PNG\r\n\x1a\n"])
def test_a_damaged_one_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "one.png").write_bytes(content)
    with pytest.raises(UserError, match=r"one\.png is damaged .*: delete it and run again"):
        embedded(tmp_path / "one.png")
