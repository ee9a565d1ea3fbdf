"""Names in archives, written as other programs write them, and compressions that Python does not know."""

from __future__ import annotations

import io
import os
import random
import shutil
import struct
import subprocess
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from archives import Unpack, make_zip
from hypothesis import given
from hypothesis import strategies as st

FLAG = 0x800


def named(raw: bytes, *, flag: bool = False, extra: bytes = b"") -> bytes:
    """A zip of one photo whose name is these bytes."""
    buffer = io.BytesIO()
    info = zipfile.ZipInfo("n" * len(raw))
    info.extra = extra
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(info, b"photo")
    content = buffer.getvalue()
    assert content.count(b"n" * len(raw)) == 2
    content = bytearray(content.replace(b"n" * len(raw), raw))
    if flag:
        for place in (6, content.index(b"PK\x01\x02") + 8):
            content[place : place + 2] = FLAG.to_bytes(2, "little")
    return bytes(content)


def unicode_field(raw: bytes, name: str) -> bytes:
    content = b"\1" + zlib.crc32(raw).to_bytes(4, "little") + name.encode()
    return struct.pack("<HHHH", 0x5455, 0, 0x7075, len(content)) + content


@pytest.mark.parametrize(
    "name", ["G\u00e4nsebl\u00fcmchen.jpg", "\u82b1/1.jpg", "\u0446\u0432\u0435\u0442.png", "a.jpg"]
)
@pytest.mark.parametrize("flag", [False, True])
def test_utf8_with_and_without_its_flag(unpack: Unpack, name: str, flag: bool) -> None:
    assert unpack(named(name.encode(), flag=flag)) == {name: b"photo"}


PAGES = [
    ("Bl\u00fcte.jpg", "cp437"),
    ("Bl\u00fcte.jpg", "cp1252"),
    ("\u82b1.jpg", "gbk"),
    ("\u82b1.jpg", "shift_jis"),
]


@pytest.mark.parametrize(("name", "page"), PAGES)
def test_other_code_pages_are_named_with_the_way_out(unpack: Unpack, name: str, page: str) -> None:
    raw = name.encode(page)
    told = "neither ASCII nor UTF-8: unpack it by the program that made it and give the folder"
    unpack.fails(named(raw), told)
    unpack.fails(named(raw, extra=unicode_field(b"of another name", name)), told)
    # WinRAR says it in UTF-8 as well.
    assert unpack(named(raw, extra=unicode_field(raw, name))) == {name: b"photo"}


def test_a_field_in_utf8_does_not_lead_out(unpack: Unpack) -> None:
    unpack.fails(named(b"a.jpg", extra=unicode_field(b"a.jpg", "../a.jpg")), "climbs")


def test_a_tar_of_another_code_page(unpack: Unpack) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as file:
        file.addfile(tarfile.TarInfo("Bl\u00fcte.jpg"))
    unpack.fails(buffer.getvalue(), r"holds b'Bl\\xfcte\.jpg', a name that is neither ASCII nor UTF-8")


@given(raw=st.binary(min_size=1, max_size=20).filter(lambda raw: not set(raw) & set(b"\0/\\\\.:n")))
def test_any_bytes_are_a_name_in_utf8_or_refused(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    unpack = Unpack(tmp_path_factory.mktemp("names"))
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        unpack.fails(named(raw), "neither ASCII nor UTF-8")
    else:
        assert unpack(named(raw)) == {name: b"photo"}


@pytest.mark.skipif(shutil.which("zip") is None, reason="needs zip")
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_the_zip_command(unpack: Unpack, tmp_path: Path, locale: str) -> None:
    source = tmp_path / "out" / "photos"
    (source / "G\u00e4nsebl\u00fcmchen").mkdir(parents=True)
    (source / "G\u00e4nsebl\u00fcmchen/\u82b1.jpg").write_bytes(b"photo")
    made = tmp_path / "out" / "photos" / "made.zip"
    environment = {"PATH": os.environ["PATH"], "LC_ALL": locale}
    subprocess.run(["zip", "-qr", made, "."], cwd=source, check=True, env=environment)
    content = made.read_bytes()
    made.unlink()
    assert unpack(content) == {"G\u00e4nsebl\u00fcmchen/\u82b1.jpg": b"photo"}


@pytest.mark.skipif(shutil.which("zip") is None, reason="needs zip")
def test_a_zip_in_several_files(unpack: Unpack, tmp_path: Path) -> None:
    source = tmp_path / "out"
    source.mkdir()
    (source / "a.jpg").write_bytes(random.Random(0).randbytes(150_000))
    subprocess.run(["zip", "-qs", "64k", "made.zip", "a.jpg"], cwd=source, check=True)
    parts = {path.suffix: path.read_bytes() for path in source.glob("made.*")}
    shutil.rmtree(source)
    assert parts.keys() >= {".z01", ".z02", ".zip"}
    for suffix in (".z01", ".zip"):
        unpack.fails(parts[suffix], "is a part of a zip in several files, .* unpack it and give the folder")


@pytest.mark.parametrize(
    ("method", "name"), [(9, "deflate64"), (93, "Zstandard"), (97, "method 97"), (6, "implode")]
)
def test_compressions_that_python_does_not_know(unpack: Unpack, method: int, name: str) -> None:
    content = bytearray(make_zip({"a.jpg": bytes(500)}))
    for place in (8, content.index(b"PK\x01\x02") + 10):
        content[place : place + 2] = method.to_bytes(2, "little")
    unpack.fails(bytes(content), rf"compressed by {name} \(a\.jpg\), .* unpack it and give the folder")


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_compressions_that_it_knows(unpack: Unpack, method: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        file.writestr("a.jpg", bytes(500))
    assert unpack(buffer.getvalue()) == {"a.jpg": bytes(500)}
