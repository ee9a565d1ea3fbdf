"""Archives made to do harm: paths that lead out, links, bombs, and headers that lie."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import tracemalloc
import zipfile

import pytest
from archives import KINDS, Unpack, make_tar, make_zip

from ablation.photos import archive


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


# The format ustar has no room for such names.
@pytest.mark.parametrize("kind", ["zip", "tar", "gnu"])
@pytest.mark.parametrize("name", ["d/" * 1500 + "x.jpg", "x" * 300 + ".jpg", "\u00e9" * 200, "y" * 60_000])
def test_a_path_that_no_disk_takes(unpack: Unpack, kind: str, name: str) -> None:
    unpack.fails(KINDS[kind]({"a.jpg": b"x", name: b"x"}), "over 30 folders or 255 bytes a name")


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_members(unpack: Unpack, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_MEMBERS", 3)
    unpack.fails(KINDS[kind](dict.fromkeys("abcde", b"")), "holds more than 3 files")
