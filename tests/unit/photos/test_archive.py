"""Unpacking, with archives made by the standard library and by hand, good and hostile."""

from __future__ import annotations

import gzip
import io
import os
import random
import stat
import subprocess
import sys
import tarfile
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.photos import archive
from ablation.running.errors import UserError

FILES = {
    "data/label.csv": b"filename,category\na.jpg,1\n",
    "data/a.jpg": random.Random(0).randbytes(5000),
    "data/sub/\u00e4.jpg": b"",
}


def make_zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        warnings.simplefilter("ignore")  # of a name given twice
        for name, content in files.items():
            file.writestr(name, content)
    return buffer.getvalue()


def make_tar(files: dict[str, bytes], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=form) as file:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


KINDS: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "zip": make_zip,
    "tar": make_tar,
    "tar.gz": lambda files: make_tar(files, "w:gz"),
    "tar.bz2": lambda files: make_tar(files, "w:bz2"),
    "tar.xz": lambda files: make_tar(files, "w:xz"),
    "gnu": lambda files: make_tar(files, form=tarfile.GNU_FORMAT),
    "ustar": lambda files: make_tar(files, form=tarfile.USTAR_FORMAT),
}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if not path.is_dir()
    }


class Unpack:
    """Unpacks bytes below this test's folder, and makes sure that nothing else changes there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archive = folder / "download.bin"  # a name that tells nothing
        self.out = folder / "out" / "photos"

    def __call__(self, content: bytes, max_bytes: int = archive.MAX_BYTES) -> dict[str, bytes]:
        self.archive.write_bytes(content)
        try:
            archive.unpack(self.archive, self.out, max_bytes)
        finally:
            assert {path.name for path in self.folder.iterdir()} <= {"download.bin", "out"}
            if self.out.parent.exists():
                assert {path.name for path in self.out.parent.iterdir()} <= {"photos"}
        return tree(self.out)

    def fails(self, content: bytes, match: str, max_bytes: int = archive.MAX_BYTES) -> None:
        with pytest.raises(UserError, match=match) as caught:
            self(content, max_bytes)
        assert "\n" not in str(caught.value)
        assert not self.out.exists()


@pytest.fixture
def unpack(tmp_path: Path) -> Unpack:
    return Unpack(tmp_path)


# --- good archives ---------------------------------------------------------------------------------


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


# --- hostile archives ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize(
    "name", ["/etc/x.jpg", "../x.jpg", "data/../../x.jpg", "C:/x.jpg", "__MACOSX/../../x"]
)
def test_paths_that_lead_out_are_refused(unpack: Unpack, kind: str, name: str) -> None:
    unpack.fails(KINDS[kind]({"good.jpg": b"x", name: b"x"}), name.replace(".", r"\."))


def test_backslashes_that_lead_out_are_refused(unpack: Unpack) -> None:
    unpack.fails(make_zip({"aa/xx.jpg": b"x"}).replace(b"aa/xx.jpg", b"..\\xx.jpg"), "climbs")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"V"]
)
@pytest.mark.parametrize("name", ["link", ".hidden"])
def test_links_and_devices_in_a_tar_are_refused(unpack: Unpack, kind: bytes, name: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        info = tarfile.TarInfo(name)
        info.type = kind
        info.linkname = "/etc"
        file.addfile(info)
        inner = tarfile.TarInfo(f"{name}/passwd")
        file.addfile(inner)
    unpack.fails(buffer.getvalue(), f"{name}.* link or device")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip_are_refused(unpack: Unpack, kind: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        info = zipfile.ZipInfo("link.jpg")
        info.external_attr = (kind | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    unpack.fails(buffer.getvalue(), r"link\.jpg.* link or device")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
@pytest.mark.parametrize("name", ["zeros.jpg", ".zeros"])
def test_a_bomb_is_stopped(unpack: Unpack, kind: str, name: str) -> None:
    content = KINDS[kind]({"a.jpg": b"x", name: bytes(30_000_000)})
    unpack.fails(content, "more than 20000000 bytes", max_bytes=20_000_000)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_the_bound_is_of_all_files_together(unpack: Unpack, kind: str) -> None:
    content = KINDS[kind]({f"{i}.jpg": bytes(30_000) for i in range(4)})
    unpack.fails(content, "more than 119999 bytes", max_bytes=119_999)
    if kind == "zip":
        assert len(unpack(content, max_bytes=120_000)) == 4


def test_a_zip_that_lies_about_sizes_is_not_believed(unpack: Unpack) -> None:
    content = make_zip({"a.jpg": bytes(30_000_000)})
    assert content.count((30_000_000).to_bytes(4, "little")) == 2
    unpack.fails(content.replace((30_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")), "damaged")


def test_zeros_after_the_end_of_a_tar_are_bounded(unpack: Unpack) -> None:
    content = gzip.compress(make_tar({"a.jpg": b"x"}) + bytes(30_000_000))
    unpack.fails(content, "more than 20000000 bytes", max_bytes=20_000_000)


def test_a_huge_extended_header_does_not_fill_the_memory(unpack: Unpack) -> None:
    info = tarfile.TarInfo("././@PaxHeader")
    info.type = tarfile.XHDTYPE
    info.size = 200_000_000
    content = gzip.compress(make_tar({"a.jpg": b"x"})[:1024] + info.tobuf() + bytes(info.size), 1)
    tracemalloc.start()
    unpack.fails(content, "impossibly large")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000_000


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_file_in_the_place_of_a_folder_is_named(unpack: Unpack, kind: str) -> None:
    unpack.fails(
        KINDS[kind]({"a.jpg": b"x", "a.jpg/b.jpg": b"x"}), r"holds a\.jpg/b\.jpg, which cannot be written"
    )


def test_an_encrypted_zip_is_refused(unpack: Unpack) -> None:
    content = bytearray(make_zip({"a.jpg": b"x"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    unpack.fails(bytes(content), r"encrypted \(a\.jpg\).*password")


# --- damaged archives ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"filename,category\n" * 100,
        gzip.compress(b"no tar" * 500),
        b"7z\xbc\xaf\x27\x1c" + bytes(600),
    ],
)
def test_what_is_no_archive_is_refused(unpack: Unpack, content: bytes) -> None:
    unpack.fails(content, "neither a zip nor a tar")


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
def test_random_bytes_end_in_a_message(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes
) -> None:
    Unpack(tmp_path_factory.mktemp("random")).fails(start + rest, "damaged|neither")


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


# The format ustar has no room for such names.
@pytest.mark.parametrize("kind", ["zip", "tar", "gnu"])
@pytest.mark.parametrize("name", ["d/" * 1500 + "x.jpg", "x" * 300 + ".jpg", "\u00e9" * 200, "y" * 60_000])
def test_a_path_that_no_disk_takes(unpack: Unpack, kind: str, name: str) -> None:
    unpack.fails(KINDS[kind]({"a.jpg": b"x", name: b"x"}), "over 30 folders or 255 bytes a name")


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_members(unpack: Unpack, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_MEMBERS", 3)
    unpack.fails(KINDS[kind](dict.fromkeys("abcde", b"")), "holds more than 3 files")


@pytest.mark.parametrize("kind", KINDS)
def test_verifying_stops_at_the_configured_size(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(KINDS[kind]({"a.jpg": bytes(1000), "b.jpg": bytes(1000)}))
    archive.verify(path, 30_000)
    # Beyond the limit nothing is read, and unpacking has the word.
    archive.verify(path, 1500)
    with pytest.raises(UserError, match=r"unpacks to more than 1999 bytes: .* unpacked_gb"):
        archive.unpack(path, tmp_path / "out", 1999)
