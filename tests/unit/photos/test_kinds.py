"""What files are by their first bytes, whatever their names say."""

from __future__ import annotations

import io
from pathlib import Path

import pillow_heif
import pytest
from hostile_photos import NOISE, encoded
from hypothesis import given
from hypothesis import strategies as st

from ablation.photos import kinds
from ablation.photos.tree import look


def heic() -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(NOISE).save(buffer)
    return buffer.getvalue()


def box(major: bytes, *compatible: bytes) -> bytes:
    """The first box of a file in ISO's base media format."""
    return (16 + 4 * len(compatible)).to_bytes(4, "big") + b"ftyp" + major + bytes(4) + b"".join(compatible)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIC"])
@pytest.mark.parametrize("name", ["1", "1.JPG.download", "1.dat", "1.jfif", "1.HEIC"])
def test_a_photo_of_any_name(tmp_path: Path, kind: str, name: str) -> None:
    (tmp_path / name).write_bytes(heic() if kind == "HEIC" else encoded(NOISE, kind))
    assert kinds.is_photo(tmp_path / name)
    assert [str(photo) for photo in look(tmp_path).photos] == [name]


@pytest.mark.parametrize(
    "content", [b"", b"\xff", box(b"isom", b"mp41"), box(b"qt  "), b"II*\0" + bytes(9), b"BM"]
)
def test_others(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "1").write_bytes(content)
    assert not kinds.is_photo(tmp_path / "1")
    assert not kinds.is_photo(tmp_path / "2")


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (heic()[: kinds.START], True),
        (encoded(NOISE, "AVIF")[: kinds.START], False),
        (box(b"heic", b"mif1", b"heic"), True),
        (box(b"mif1", b"heic"), True),
        (box(b"mif1", b"avif", b"miaf"), False),
        (box(b"msf1", b"hevc"), True),
        (box(b"isom", b"mp41"), False),
        (b"", False),
    ],
)
def test_heif_and_avif_have_one_form(start: bytes, expected: bool) -> None:
    assert kinds.is_heif(start) == expected


@given(st.binary(max_size=kinds.START))
def test_any_bytes_are_something(start: bytes) -> None:
    assert not (kinds.is_heif(start) and kinds.is_tiff(start))
