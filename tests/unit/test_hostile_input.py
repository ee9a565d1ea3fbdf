"""Hostile photos, label files, names, configuration files and weights at every entrance.

Each must end in success or in one line that says what is wrong: no traceback, no hang, nothing half made
and nothing executed. What each module does with good and with plainly bad input is in its own tests.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import pickle
import random
import signal
import stat
import struct
import subprocess
import sys
import threading
import tracemalloc
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import EpsImagePlugin, ExifTags, Image

from ablation import backbones, pack, schema, study
from ablation.datasets import layouts, manifest, photos
from ablation.errors import UserError

# What Pillow says about damage in passing.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::DeprecationWarning:PIL")

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow/scripts"
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
# Seconds after which a test hangs. No test depends on taking less.
HANG = 300


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"no end after {HANG} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANG)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def outcome(action: Callable[[], Any]) -> Any:
    """What an action returns, or its error: only a UserError of one line passes."""
    try:
        return action()
    except UserError as error:
        found = error
    assert len(str(found).splitlines()) == 1, str(found)
    assert len(str(found)) < 5000
    return found


def refused(action: Callable[[], Any], *parts: str) -> None:
    error = outcome(action)
    assert isinstance(error, UserError), f"not refused: {error}"
    assert all(part in str(error) for part in parts), str(error)


def opened(path: Path) -> Image.Image | None:
    """The photo, whole and as RGB; None if it was refused in one line that names the file."""
    found = outcome(lambda: photos.photo(path))
    if isinstance(found, UserError):
        assert path.name in str(found)
        return None
    assert found.mode == "RGB"
    assert len(found.tobytes()) == 3 * found.width * found.height
    return found


# --- photos ----------------------------------------------------------------------------------------

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8))
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpg": ("JPEG", {}),
    "progressive.jpg": ("JPEG", {"progressive": True}),
    "png": ("PNG", {}),
    "gif": ("GIF", {}),
    "webp": ("WEBP", {}),
    "lossless.webp": ("WEBP", {"lossless": True}),
    "bmp": ("BMP", {}),
    "tif": ("TIFF", {}),
    "deflate.tif": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "jpeg.tif": ("TIFF", {"compression": "jpeg"}),
}
SUFFIXES = sorted({name.split(".")[-1] for name in KINDS})


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, bits: int, colour: int, pixels: bytes, *chunks: bytes) -> bytes:
    """A PNG of a colour type (0 grey, 2 RGB, 6 RGBA); `pixels` are its lines, compressed."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_cut_at_every_length(tmp_path: Path, kind: str) -> None:
    name, options = KINDS[kind]
    content = encoded(NOISE, name, **options)
    path = tmp_path / f"a.{kind}"
    for length in range(len(content) + 1):
        path.write_bytes(content[:length])
        found = opened(path)
        # Some readers forgive that the last bytes are missing, none a missing half.
        assert found is None or length > len(content) / 2
    assert found is not None
    assert found.size == NOISE.size


@settings(max_examples=150, deadline=None)
@given(start=st.integers(2, 700), rest=st.binary(max_size=1000), kind=st.sampled_from(sorted(KINDS)))
def test_random_bytes_behind_a_good_start(
    tmp_path_factory: pytest.TempPathFactory, start: int, rest: bytes, kind: str
) -> None:
    path = tmp_path_factory.mktemp("random") / f"a.{kind}"
    name, options = KINDS[kind]
    path.write_bytes(encoded(NOISE, name, **options)[:start] + rest)
    opened(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_ends_wrong_does_not_matter(tmp_path: Path, kind: str) -> None:
    name, options = KINDS[kind]
    for suffix in SUFFIXES:
        path = tmp_path / f"a.{suffix}"
        path.write_bytes(encoded(NOISE, name, **options))
        found = opened(path)
        assert found is not None
        assert found.size == NOISE.size


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"\xff" * 5000, b"<html></html>"], ids=repr)
def test_what_is_no_photo_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content[:5000])
    assert opened(path) is None


OTHERS = [
    *(
        "PPM",
        "TGA",
        "ICO",
        "PCX",
        "JPEG2000",
        "SGI",
        "DDS",
        "ICNS",
        "XBM",
        "MSP",
        "SPIDER",
        "PDF",
        "EPS",
        "AVIF",
    )
]


@pytest.mark.parametrize("kind", OTHERS)
def test_formats_that_no_photo_has_are_refused(tmp_path: Path, kind: str) -> None:
    image = NOISE.convert({"XBM": "1", "MSP": "1", "SPIDER": "F"}.get(kind, "RGB"))
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(image, kind))
    refused(lambda: photos.photo(path), str(path), *photos.FORMATS)


@pytest.fixture
def postscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A program by the name of Ghostscript that leaves a mark, and PostScript that calls itself a JPEG."""
    marker = tmp_path / "pwned"
    program = tmp_path / "bin" / "gs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch '{marker}'\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(NOISE, "EPS"))
    return path, marker


def test_postscript_is_not_run(postscript: tuple[Path, Path]) -> None:
    path, marker = postscript
    assert opened(path) is None
    assert not marker.exists()


def test_the_file_above_would_be_run(postscript: tuple[Path, Path]) -> None:
    path, marker = postscript
    with contextlib.suppress(Exception), Image.open(path) as image:
        image.load()
    assert marker.exists()


@pytest.mark.parametrize("size", [(1, 1), (20_000, 20), (20, 20_000), (1, 65_000)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "GIF"])
def test_odd_sizes_are_photos(tmp_path: Path, size: tuple[int, int], kind: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(Image.new("RGB", size, "red"), kind))
    found = opened(path)
    assert found is not None
    assert found.size == size


def announced(kind: str) -> bytes:
    """A small file that announces 60,000 x 60,000 pixels."""
    content = encoded(NOISE, kind)
    small = {
        "JPEG": (struct.pack(">HH", 12, 10), struct.pack(">HH", 60_000, 60_000)),
        "BMP": (struct.pack("<II", 10, 12), struct.pack("<II", 60_000, 60_000)),
        "GIF": (struct.pack("<HH", 10, 12), struct.pack("<HH", 60_000, 60_000)),
        "TIFF": (struct.pack("<HHII", 256, 4, 1, 10), struct.pack("<HHII", 256, 4, 1, 360_000_000)),
    }[kind]
    assert small[0] in content
    return content.replace(*small)


BOMBS = {
    "announced JPEG": lambda: announced("JPEG"),
    "announced BMP": lambda: announced("BMP"),
    "announced GIF": lambda: announced("GIF"),
    "announced TIFF": lambda: announced("TIFF"),
    "announced PNG": lambda: png(2**31 - 1, 2**31 - 1, 8, 2, b""),
    "one-bit PNG": lambda: png(20_000, 20_000, 1, 0, zlib.compress(bytes(2501 * 20_000), 9)),
    "text": lambda: png(
        4, 4, 8, 2, zlib.compress(bytes(52)), chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000), 1))
    ),
    "profile": lambda: png(
        4, 4, 8, 2, zlib.compress(bytes(52)), chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(80_000_000), 1))
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_decompression_bomb_is_refused(tmp_path: Path, bomb: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(BOMBS[bomb]())
    refused(lambda: photos.photo(path), "a.png")


def test_more_pixels_than_announced_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(4, 4, 8, 2, zlib.compress(bytes(100_000_000), 1)))
    found = opened(path)
    assert found is None or found.size == (4, 4)


def test_16_bit_photos_take_little_more_memory_than_their_pixels(tmp_path: Path) -> None:
    side = 4000
    path = tmp_path / "a.png"
    path.write_bytes(png(side, side, 16, 0, zlib.compress(bytes((2 * side + 1) * side), 1)))
    tracemalloc.start()
    assert opened(path) is not None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * side**2


def test_large_photos_are_opened_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    NOISE.save(path)
    convert, busy, most = photos._rgb, [0], [0]

    def slow(image: Image.Image) -> Image.Image:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        event.wait(0.01)
        busy[0] -= 1
        return convert(image)

    event = threading.Event()
    monkeypatch.setattr(photos, "_rgb", slow)
    monkeypatch.setattr(photos, "_LARGE", NOISE.width * NOISE.height - 1)
    threads = [threading.Thread(target=photos.photo, args=(path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_of_an_animation_the_first_frame_is_taken(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "lime")]
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    found = opened(path)
    assert found is not None
    assert np.abs(np.asarray(found).astype(int) - (255, 0, 0)).max() <= 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("field", ["icc_profile", "exif"])
@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"\0",
        b"garbage" * 1000,
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        b"II*\0\x08\0\0\0\x01\0" + b"\xff" * 12,
    ],
    ids=["empty", "zero", "garbage", "cut", "wrong"],
)
def test_garbage_beside_the_pixels_does_not_cost_the_photo(
    tmp_path: Path, kind: str, field: str, block: bytes
) -> None:
    path = tmp_path / "a.jpg"
    try:
        path.write_bytes(encoded(NOISE, kind, **{field: block}))
    except SyntaxError:  # Pillow itself writes no TIFF with such a block
        return
    found = opened(path)
    assert found is not None
    assert found.size == NOISE.size


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_there_is_not_is_upright(tmp_path: Path, value: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = value
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(NOISE, "JPEG", exif=exif))
    found = opened(path)
    assert found is not None
    assert found.size == NOISE.size


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bits_in_every_channel(tmp_path: Path, colour: int, channels: int) -> None:
    path = tmp_path / "a.png"
    white = (b"\0" + b"\xff" * 2 * channels * 3) * 3
    path.write_bytes(png(3, 3, 16, colour, zlib.compress(white)))
    found = opened(path)
    assert found is not None
    assert np.asarray(found).min() == 255


# --- the steps that open photos ----------------------------------------------------------------------


def write_photos(root: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (12, 10, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / name, "PNG")
    return root


FOUR = ("a/0.png", "a/1.png", "b/0.png", "b/1.png")


def index(root: Path, output: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPTS / "index.py", "--photos", root, "--output", output]
    return subprocess.run(
        [*command, "--train-fraction", "0.5", "--seed", "0"], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "content",
    [b"", encoded(NOISE, "PNG")[:200], encoded(NOISE, "JPEG")[:100] + random.Random(0).randbytes(500), BOMBS[
        "one-bit PNG"
    ]()],
    ids=["empty", "cut", "random", "bomb"],
)  # fmt: skip
def test_a_bad_photo_stops_the_index_with_one_line(tmp_path: Path, content: bytes) -> None:
    root = write_photos(tmp_path / "photos", *FOUR)
    (root / "b/1.png").write_bytes(content)
    ended = index(root, tmp_path / "out" / "manifest.csv")
    assert ended.returncode == 1
    errors = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "b/1.png" in errors[0]
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "out" / "manifest.csv").exists()


@pytest.mark.parametrize("size", [(20_000, 20), (20, 20_000), (1, 1)])
def test_odd_sizes_reach_the_pack(tmp_path: Path, size: tuple[int, int]) -> None:
    root = write_photos(tmp_path / "photos", *FOUR)
    Image.new("RGB", size, "red").save(root / "b/1.png")
    manifest.write(manifest.build(root, 0.5, 0), tmp_path / "manifest.csv")
    pack.build(root, tmp_path / "manifest.csv", 64, tmp_path / "pack")
    found = pack.load(tmp_path / "pack")
    assert found.photos.shape == (4, 64, 64, 3)
    assert np.abs(found.photos[found.files.index("b/1.png")].astype(int) - (255, 0, 0)).max() == 0


# --- label files -----------------------------------------------------------------------------------

FILES = ("a.png", "b.png", "c d.png", "sub/e.png")
NAMES = st.sampled_from(
    [
        *FILES,
        *("./a.png", "sub/./e.png", "missing.png", "notes.txt", ".hidden.png", "sub", ".", "", " "),
        *("/etc/passwd", "/etc/passwd.png", "../a.png", "sub/../a.png", "..", "../../../../etc/passwd.png"),
        *(
            "x" * 300 + ".png",
            "x/" * 3000 + "a.png",
            "a\0.png",
            "a\n.png",
            "\u2028.png",
            "~/a.png",
            "link.png",
        ),
        *(
            "; touch pwned",
            "$(touch pwned).png",
            "`x`.png",
            "-rf",
            '"',
            "'",
            "a.png\\",
            "C:\\a.png",
            "{x}.png",
        ),
    ]
)
CATEGORIES = st.sampled_from(
    ["1", "2", "", " ", "nan", "-1", "../x", "; touch pwned", "\u00e9", "x" * 200_000]
)
TEXTS = st.one_of(
    st.tuples(NAMES, CATEGORIES),
    st.tuples(st.sampled_from(FILES), st.sampled_from(["1", "2"])),
    st.lists(st.text(max_size=6), max_size=4).map(tuple),
)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four photos, for a label.csv to be written beside, and what is no photo of this folder."""
    root = write_photos(tmp_path_factory.mktemp("labelled") / "photos", *FILES, ".hidden.png")
    (root / "notes.txt").write_text("x", encoding="utf-8")
    write_photos(root.parent, "a.png")
    return root


def indexed(root: Path) -> None:
    """Look into a folder, which succeeds with photos of that folder alone or fails with one line."""
    found = outcome(lambda: layouts.find(root))
    if isinstance(found, UserError):
        assert str(root) in str(found)
        refused(lambda: manifest.build(root, 0.5, 0))
        return
    for photo in found:
        assert photo.category
        assert ".." not in Path(photo.file).parts
        assert (root / photo.file).is_file()
        assert not Path(photo.file).is_absolute()
    outcome(lambda: manifest.build(root, 0.5, 0))


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(TEXTS, max_size=8),
    whole=st.booleans(),
    header=st.sampled_from([["filename", "category"], ["category", "filename", "x"], ["file", "class"], []]),
    delimiter=st.sampled_from(",,,;\t"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    ending=st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    cut=st.integers(-3, 0),
)
def test_near_valid_label_files(
    labelled: Path,
    rows: list[tuple[str, ...]],
    whole: bool,
    header: list[str],
    delimiter: str,
    quoting: Any,
    ending: str,
    encoding: str,
    cut: int,
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=ending)
    good = [(name, str(number % 2)) for number, name in enumerate(FILES)]
    writer.writerows([header, *(good if whole else []), *rows])
    content = text.getvalue().encode(encoding, "replace")
    (labelled / "label.csv").write_bytes(content[: len(content) + cut])
    indexed(labelled)


@settings(max_examples=100, deadline=None)
@given(
    start=st.sampled_from([b"", b"filename,category\n", b"\xef\xbb\xbffilename,category\r\na.png,1\r\n"]),
    rest=st.binary(max_size=100),
)
def test_any_bytes_as_a_label_file(labelled: Path, start: bytes, rest: bytes) -> None:
    (labelled / "label.csv").write_bytes(start + rest)
    indexed(labelled)


def test_a_label_file_too_large_to_read(tmp_path: Path) -> None:
    root = write_photos(tmp_path, "a.png", "b.png")
    with (root / "label.csv").open("wb") as file:
        file.truncate(200 * 1024**2)  # without taking the disk
    refused(lambda: layouts.find(root), "label.csv", "more than")


@pytest.mark.parametrize(("stored", "written"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_accents_stored_another_way_than_label_csv_writes_them(
    tmp_path: Path, stored: str, written: str
) -> None:
    names = ["\u00e9t\u00e9 1.png", "\u00e9t\u00e9 2.png", "plain.png"]
    on_disk = [unicodedata.normalize(stored, name) for name in names]
    write_photos(tmp_path, *on_disk)
    lines = [f"{unicodedata.normalize(written, name)},{k}" for k, name in enumerate(names)]
    (tmp_path / "label.csv").write_text("filename,category\n" + "\n".join(lines), encoding="utf-8")
    found = layouts.find(tmp_path)
    assert {photo.file: photo.category for photo in found} == dict(zip(on_disk, "012", strict=True))


def test_two_files_that_differ_only_in_how_accents_are_stored(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "\u00e9.png") for form in ("NFC", "NFD")]
    write_photos(tmp_path, *forms)
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system stores names in one form")
    both = f"filename,category\n{forms[0]},1\n{forms[1]},2\n"
    (tmp_path / "label.csv").write_text(both, encoding="utf-8")
    assert {photo.file: photo.category for photo in layouts.find(tmp_path)} == dict(
        zip(forms, "12", strict=True)
    )
    (tmp_path / "label.csv").write_text(f"filename,category\n{forms[0]},1\n{forms[0]},2\n", encoding="utf-8")
    refused(lambda: layouts.find(tmp_path), "line 3")


def test_two_lines_for_one_file_in_two_forms(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "\u00e9.png") for form in ("NFC", "NFD")]
    write_photos(tmp_path, forms[1], "b.png")
    text = f"filename,category\n{forms[0]},1\n{forms[1]},2\nb.png,2\n"
    (tmp_path / "label.csv").write_text(text, encoding="utf-8")
    refused(lambda: layouts.find(tmp_path), "line 3", "as 1 and as 2")


def test_a_class_written_in_two_forms_is_one_class(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "\u00e9") for form in ("NFC", "NFD")]
    write_photos(tmp_path, f"train/{forms[0]}/0.png", f"val/{forms[1]}/0.png", "train/b/0.png", "val/b/0.png")
    assert layouts.categories(layouts.find(tmp_path)) == ["b", forms[0]]


# --- folders ---------------------------------------------------------------------------------------

HOSTILE = [
    *(
        "; touch pwned",
        "$(touch pwned)",
        "`touch pwned`",
        "-rf",
        "--help",
        "a'b",
        'a"b',
        "a\\b",
        "{x}",
        "%s",
        "$x",
    ),
    *("a\nb", "a\tb", "\u202eabc", "\u00a0", " ", "x" * 250, "nan", "CON", "*", "?", "~", "#", "=1+1"),
    os.fsdecode(b"\xe4\xff"),
]


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(
        st.sampled_from(HOSTILE)
        | st.text(
            st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=10
        ),
        min_size=1,
        max_size=3,
    )
)
def test_any_names_of_folders_and_files(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    root = write_photos(tmp_path_factory.mktemp("names") / "photos", *FOUR)
    for name in names:
        if name not in (".", ".."):
            folder = root / name
            folder.mkdir(exist_ok=True)
            for number in range(2):
                (folder / f"{number}{name[:100]}.png").write_bytes((root / FOUR[number]).read_bytes())
    indexed(root)


@pytest.mark.parametrize("depth", [31, 400, 1500])
def test_folders_without_end(tmp_path: Path, depth: int) -> None:
    root = write_photos(tmp_path / "photos", *FOUR)
    here = os.open(root, os.O_RDONLY)
    for _ in range(depth):  # step by step, since a path ends at 4096 bytes
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    refused(lambda: layouts.find(root), "folders in one another")
    subprocess.run(["rm", "-rf", root], check=True)


def test_links_that_lead_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten folders that each link to the others have millions of paths."""
    monkeypatch.setattr(layouts, "_MOST_FOLDERS", 500)
    names = [f"c{number}" for number in range(10)]
    root = write_photos(tmp_path / "photos", *(f"{name}/0.png" for name in names))
    for name in names:
        for other in names:
            if other != name:
                (root / name / other).symlink_to(root / other)
    refused(lambda: layouts.find(root), "links that lead back")


def test_the_users_own_links_may_lead_out(tmp_path: Path) -> None:
    write_photos(tmp_path / "elsewhere", "a/0.png", "a/1.png", "x.png")
    root = write_photos(tmp_path / "photos", "b/0.png")
    (root / "a").symlink_to(tmp_path / "elsewhere/a")
    (root / "b/x.png").symlink_to(tmp_path / "elsewhere/x.png")
    found = [entry.file for entry in manifest.build(root, 0.5, 0)]
    assert found == ["a/0.png", "a/1.png", "b/0.png", "b/x.png"]
    # What Snakemake is told to watch is what is used.
    assert study.photo_files(root) == [str(root / file) for file in found]


def test_what_is_no_file_is_no_photo(tmp_path: Path) -> None:
    root = write_photos(tmp_path / "photos", *FOUR)
    os.mkfifo(root / "a/pipe.png")
    (root / "a/device.png").symlink_to("/dev/zero")
    (root / "a/round.png").symlink_to("round.png")
    (root / "a/gone.png").symlink_to("nowhere")
    assert [photo.file for photo in layouts.find(root)] == list(FOUR)


# --- configurations --------------------------------------------------------------------------------

DEFAULT = (ROOT / "config.yaml").read_text(encoding="utf-8")
LAUGHS = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"] + [
    f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(9)
]


@pytest.mark.parametrize(
    "text",
    [
        "seeds: &a [*a]",
        "seeds: &a [*a, *a]",
        "recipe: &a {epochs: *a}",
        "datasets: &a {demo: *a}",
        "weights: " + "[" * 60 + "]" * 60,
        "seeds: [" + ", ".join(map(str, range(200_000))) + "]",
        "\n".join([*LAUGHS, "seeds: *a9"]),
    ],
    ids=["list in itself", "twice", "mapping in itself", "data set in itself", "deep", "long", "laughs"],
)
def test_a_configuration_that_would_never_end(text: str) -> None:
    overlay = yaml.load(text, yaml.CSafeLoader)
    refused(lambda: study.load({**yaml.safe_load(DEFAULT), **overlay}, SCHEMA), "config: ")


def repeated(tmp_path: Path, text: str, name: str = "config.yaml") -> Any:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return outcome(lambda: schema.refuse_repeated_keys([path]))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a: 1\nb: 2\na: 3\n", ["lines 1 and 3", "'a'"]),
        ("recipe: {epochs: 1, epochs: 2}", ["line 1", "'epochs'"]),
        ("recipe:\n  epochs: 1\n  'epochs': 2\n", ["lines 2 and 3", "'epochs'"]),
        ("x:\n- {}\n- a: 1\n  a: 1\n", ["lines 3 and 4"]),
        ("x: &x {b: 1}\ny: {<<: *x, c: {d: 1, d: 2}}\n", ["line 2", "'d'"]),
        ('{"a": {\n\t"b": 1,\n\t"b": 2}}', ["lines 2 and 3", "'b'"]),
    ],
)
def test_a_key_given_twice_is_refused(tmp_path: Path, text: str, parts: list[str]) -> None:
    error = repeated(tmp_path, text)
    assert isinstance(error, UserError)
    assert str(error).startswith(f"config: {tmp_path / 'config.yaml'}, ")
    assert all(part in str(error) for part in parts), str(error)


@pytest.mark.parametrize("path", [ROOT / "config.yaml", *(ROOT / "studies").glob("*.yaml")], ids=str)
def test_no_key_of_ours_is_given_twice(path: Path) -> None:
    schema.refuse_repeated_keys([path])


@pytest.mark.parametrize(
    "text",
    [
        *("", "- a\n- a\n", "{a: 1, b: {a: 2}}", "x: &a [*a, *a]\ny: *a\n", "a: 1\n'1': 2\n1: 3\n"),
        *(
            "a: [",
            "a: \x00",
            "[" * 5000,
            "a: !!python/object/apply:os.system [touch pwned]",
            "\n".join(LAUGHS),
        ),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_holds_no_repeated_key_passes(tmp_path: Path, text: str) -> None:
    assert repeated(tmp_path, text) is None
    (tmp_path / "config.yaml").write_bytes(b"a: \xff")
    schema.refuse_repeated_keys([tmp_path / "config.yaml", tmp_path / "nowhere.yaml", tmp_path])


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40) | st.text("ab:{}[],&*- \n\t'\"#|>!?", max_size=40))
def test_any_text_as_a_configuration_file(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    repeated(tmp_path_factory.mktemp("config"), text)
    try:
        config = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return
    refused(lambda: study.load(config, SCHEMA), "config: ")


# --- weights ---------------------------------------------------------------------------------------


class Touch:
    """An object whose pickle makes a file when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.marker}'",)


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_downloaded_weights_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: bool, zipped: bool
) -> None:
    marker = tmp_path / "pwned"
    state = {"conv1.conv.weight": Touch(marker)}
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue() if zipped else pickle.dumps(state, 2)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    site = tmp_path / "torch/hub/checkpoints" if cached else tmp_path / "site"
    site.mkdir(parents=True)
    path = site / f"googlenet-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    path.write_bytes(content)
    value = torchvision.models.get_model_weights("googlenet")["IMAGENET1K_V1"].value
    monkeypatch.setattr(value, "url", path.as_uri())
    refused(lambda: backbones.fetch("googlenet", "IMAGENET1K_V1"), str(path))
    assert not marker.exists()
    pickle.loads(pickle.dumps(state, 2))
    assert marker.exists()
