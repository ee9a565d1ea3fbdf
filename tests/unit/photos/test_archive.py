"""Unpacking good archives and damaged ones."""

from __future__ import annotations

import gzip
import io
import os
import random
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from archives import FILES, KINDS, Unpack, make_tar, make_zip
from hypothesis import example, given, settings
from hypothesis import strategies as st
from on_disk import tree

from ablation.photos import archive
from ablation.running.errors import UserError

# --- good ones -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_is_found_by_content(unpack: Unpack, kind: str) -> None:
    content = KINDS[kind](FILES)
    assert unpack(content) == FILES
    assert archive.is_archive(unpack.archive)
    archive.verify(unpack.archive)


@pytest.mark.skipif(sys.platform == "win32", reason="needs tar")
@pytest.mark.parametrize("flags", ["-cf", "-czf"])
def test_an_archive_of_the_tar_command(unpack: Unpack, tmp_path: Path, flags: str) -> None:
    source = tmp_path / "out" / "photos"
    (source / "data" / "sub").mkdir(parents=True)
    for name, content in FILES.items():
        (source / name).write_bytes(content)
    made = tmp_path / "download.bin"
    subprocess.run(["tar", flags, made, "-C", source, "."], check=True)
    assert unpack(made.read_bytes()) == FILES


def test_a_tar_that_ends_with_a_zip_is_a_tar(unpack: Unpack) -> None:
    files = {"a.jpg": b"1", "b.zip": make_zip({"c.jpg": b"2"})}
    assert unpack(make_tar(files)) == files


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_hidden_files_are_left_out(unpack: Unpack, kind: str) -> None:
    extra = {
        ".DS_Store": b"x",
        "data/._a.jpg": b"x",
        "data/.git/config": b"x",
        "__MACOSX/data/a.jpg": b"x",
        "./data/b.jpg": b"b",
    }
    assert unpack(KINDS[kind](FILES | extra)) == FILES | {"data/b.jpg": b"b"}


def test_backslashes_of_windows_are_folders(unpack: Unpack) -> None:
    content = make_zip({"data/a.jpg": b"a"}).replace(b"data/a.jpg", b"data\\a.jpg")
    assert unpack(content) == {"data/a.jpg": b"a"}


def test_the_older_folder_is_replaced_only_after_success(unpack: Unpack) -> None:
    unpack.out.mkdir(parents=True)
    assert unpack(make_zip({"old.jpg": b"old"})) == {"old.jpg": b"old"}
    with pytest.raises(UserError):
        unpack(make_tar(FILES, "w:gz")[:-20])
    assert tree(unpack.out) == {"old.jpg": b"old"}
    assert unpack(make_zip(FILES)) == FILES


def test_what_a_killed_run_left_is_removed(unpack: Unpack) -> None:
    left = unpack.out.with_name(".photos.part")
    left.mkdir(parents=True)
    (left / "stale.jpg").write_bytes(b"x")
    assert unpack(make_zip(FILES)) == FILES


def test_the_later_of_two_members_of_one_name_counts(unpack: Unpack) -> None:
    buffer = io.BytesIO(make_tar({"a.jpg": b"old"}))
    with tarfile.open(fileobj=buffer, mode="a") as file:
        info = tarfile.TarInfo("a.jpg")
        info.size = 3
        file.addfile(info, io.BytesIO(b"new"))
    assert unpack(buffer.getvalue()) == {"a.jpg": b"new"}


# --- damaged ones ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"filename,category\n" * 100,
        gzip.compress(b"no tar" * 500, mtime=0),  # ids of tests are made of it
        bytes(100) + b"7z\xbc\xaf\x27\x1c",
    ],
)
def test_what_is_no_archive_is_refused(unpack: Unpack, content: bytes) -> None:
    unpack.fails(content, "neither a zip nor a tar")


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"7z\xbc\xaf\x27\x1c\0\x04", "is a 7z archive"),
        (b"Rar!\x1a\x07\0", "is a RAR archive"),
        (b"Rar!\x1a\x07\x01\0", "is a RAR archive"),
        (b"PK\x07\x08PK\x03\x04", "is a part of a zip in several files"),
        (b"\x28\xb5\x2f\xfd", "is compressed by Zstandard"),
    ],
)
@pytest.mark.parametrize("length", [0, 2000])
def test_other_archives_are_named(unpack: Unpack, start: bytes, what: str, length: int) -> None:
    unpack.fails(start + bytes(length), rf"{what}, which is not unpacked here: unpack it and give the folder")


@pytest.mark.parametrize("kind", KINDS)
def test_archives_in_an_archive_without_photos(unpack: Unpack, kind: str) -> None:
    inner = make_zip({"a.jpg": b"x"})
    outer = {"photos/part1.zip": inner, "photos/part2.tar.gz": b"x", "photos/label.csv": b"x"}
    named = r"2 archives \(photos/part1\.zip, photos/part2\.tar\.gz\)"
    unpack.fails(KINDS[kind](outer), rf"holds no photos but {named}: unpack it and what is in it")
    for photo in ({"photos/A.JPG": b"x"}, {"photos/1": b"\xff\xd8\xff\xe0"}):
        assert unpack(KINDS[kind](outer | photo)) == outer | photo


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_without_files_is_refused(unpack: Unpack, kind: str) -> None:
    unpack.fails(KINDS[kind]({}), "holds no files")
    unpack.fails(KINDS[kind]({".hidden": b"x"}), "holds no files")


def test_a_missing_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.zip cannot be read"):
        archive.unpack(tmp_path / "nowhere.zip", tmp_path / "out")


@pytest.mark.parametrize("kind", KINDS)
def test_no_truncated_archive_passes(unpack: Unpack, kind: str) -> None:
    content = KINDS[kind]({f"{i}.jpg": random.Random(i).randbytes(300 * i) for i in range(6)})
    whole = len(content.rstrip(b"\0")) if kind in ("tar", "gnu", "ustar") else len(content) - 1
    ends = {*range(0, whole, 509), *range(0, whole, 512), whole - 1, whole if whole < len(content) - 1 else 0}
    for end in ends:
        unpack.fails(content[:end], "damaged or cut short|neither a zip nor a tar")


def test_a_garbled_header_in_the_middle_does_not_end_a_tar(unpack: Unpack) -> None:
    content = bytearray(make_tar({"a.jpg": b"x", "b.jpg": b"y", "c.jpg": b"z"}))
    content[1024 + 150] ^= 0xFF  # in the checksum of the second header
    unpack.fails(bytes(content), "mark of its end is missing")


@pytest.mark.parametrize("left", range(len(FILES)))
def test_a_zip_whose_table_of_contents_lost_files(unpack: Unpack, left: int) -> None:
    """By a changed length, with which it is a table of contents still: of what comes last in it."""
    content = bytearray(make_zip(FILES))
    first = content.index(b"PK\x01\x02")
    starts = [first, *(first := content.index(b"PK\x01\x02", first + 1) for _ in range(len(FILES) - 1))]
    end = content.index(b"PK\x05\x06")
    length = end - starts[-left] if left else 0
    content[end + 12 : end + 16] = length.to_bytes(4, "little")
    unpack.fails(bytes(content), f"names {left} files, and its end {len(FILES)}")


@pytest.mark.parametrize(("count", "said"), [(3, 0xFFFF), (65_538, 2)])
def test_counts_that_16_bits_cannot_hold(tmp_path: Path, count: int, said: int) -> None:
    content = bytearray(make_zip({f"{number}.jpg": b"" for number in range(count)}))
    end = content.rindex(b"PK\x05\x06")
    content[end + 8 : end + 12] = 2 * said.to_bytes(2, "little")
    (tmp_path / "many.zip").write_bytes(content)
    assert zipfile.ZipFile(tmp_path / "many.zip").infolist()
    archive.verify(tmp_path / "many.zip")


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz", "tar.bz2"])
@settings(max_examples=25, deadline=None)
@given(place=st.integers(0, 10**9), value=st.integers(1, 255))
def test_a_changed_byte_never_passes_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, kind: str, place: int, value: int
) -> None:
    content = bytearray(KINDS[kind](FILES))
    content[place % len(content)] ^= value
    unpack = Unpack(tmp_path_factory.mktemp("flip"))
    try:
        found = unpack(bytes(content))
    except UserError:
        return
    # Bytes that only describe (dates, flags) may change; never what the files hold.
    assert sorted(found.values()) == sorted(FILES.values())


@settings(max_examples=40, deadline=None)
@given(
    start=st.sampled_from([b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b""]),
    rest=st.binary(max_size=2000),
)
@example(b"", b"MSCF")
@example(b"", b"\x1f\x9d")
@example(b"", bytes(512))
@example(b"", bytes(1024))
@example(b"", b"PK\x05\x06" + bytes(18))
def test_random_bytes_end_in_a_message(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes
) -> None:
    said = "damaged|neither|is not unpacked here|holds no files"
    Unpack(tmp_path_factory.mktemp("random")).fails(start + rest, said)


def test_a_file_in_the_way_is_left(unpack: Unpack) -> None:
    unpack.out.parent.mkdir()
    unpack.out.write_text("mine")
    with pytest.raises(UserError, match="in the way"):
        unpack(make_zip(FILES))
    assert unpack.out.read_text() == "mine"


def test_a_disk_that_refuses(unpack: Unpack, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "rename", full)
    unpack.fails(make_zip(FILES), r"cannot write .*/photos \(No space left on device\): free space or mend")


def test_a_killed_run_costs_nothing_but_time(unpack: Unpack) -> None:
    """The older folder had stepped aside when it was killed."""
    for name in (".photos.old", ".photos.part"):
        path = unpack.out.with_name(name)
        path.mkdir(parents=True)
        (path / "stale.jpg").touch()
    assert unpack(make_zip(FILES)) == FILES


@pytest.mark.parametrize("kind", KINDS)
def test_verifying_stops_at_the_configured_size(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(KINDS[kind]({"a.jpg": bytes(1000), "b.jpg": bytes(1000)}))
    archive.verify(path, 30_000)
    # Beyond the limit nothing is read, and unpacking has the word.
    archive.verify(path, 1500)
    with pytest.raises(UserError, match=r"unpacks to more than 1999 bytes: .* unpacked_gb"):
        archive.unpack(path, tmp_path / "out", 1999)
