"""Downloads from a mirror by URL: retries, files cut short, and what is no archive."""

from __future__ import annotations

import hashlib
import os
import resource
import stat
import time
from typing import Any

import pytest
from drive_server import ARCHIVE, CUT, HASH, KEPT, QUOTA_PAGE, Download, Server, make_archive, send, serve

from ablation.photos import drive
from ablation.running.errors import UserError


@pytest.mark.parametrize("sha256", [None, HASH, HASH.upper()])
def test_a_good_file_arrives_alone_and_young(server: Server, download: Download, sha256: str | None) -> None:
    before = time.time()
    assert download(url=server.url, sha256=sha256) == ARCHIVE
    assert download.left() == ["data.zip"]
    assert download.path.stat().st_mtime >= before - 1
    assert download.pauses == []
    assert not (download.folder / "home").exists()


@pytest.mark.parametrize("older", [b"older", None])
def test_nothing_new_has_the_final_name_until_it_is_checked(
    server: Server, download: Download, monkeypatch: pytest.MonkeyPatch, older: bytes | None
) -> None:
    if older:
        download.path.parent.mkdir()
        download.path.write_bytes(older)
    accept, seen = drive._accept, []

    def spy(*arguments: Any) -> None:
        accept(*arguments)
        seen.append(download.path.read_bytes() if download.path.exists() else None)

    monkeypatch.setattr(drive, "_accept", spy)
    assert download(url=server.url, sha256=HASH) == ARCHIVE
    assert seen == [older]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_a_file_has_the_mode_of_others(server: Server, download: Download, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        download(url=server.url)
        assert os.umask(mask) == mask  # and the mask is as it was
    finally:
        os.umask(before)
    assert stat.S_IMODE(download.path.stat().st_mode) == mode


def test_a_wrong_checksum_says_both_and_deletes_the_file(server: Server, download: Download) -> None:
    wrong = "0" * 64
    with pytest.raises(UserError, match=f"expected {wrong}, found {HASH}"):
        download(url=server.url, sha256=wrong)
    assert download.left() == []


def test_failure_leaves_an_earlier_file_intact(server: Server, download: Download) -> None:
    download.path.parent.mkdir()
    download.path.write_bytes(b"earlier")
    with pytest.raises(UserError):
        download(url=server.url, sha256="0" * 64)
    assert download.path.read_bytes() == b"earlier"
    assert download(url=server.url, sha256=HASH) == ARCHIVE


def test_a_truncated_transfer_is_continued_by_the_next_attempt(server: Server, download: Download) -> None:
    server.answers = [serve(cut=CUT)]
    assert download(url=server.url) == ARCHIVE
    assert download.pauses == [5.0]
    assert [asked for _, asked in server.seen] == [None, None, f"bytes={KEPT}-"]


def test_a_truncated_transfer_is_continued_by_a_later_call(server: Server, download: Download) -> None:
    server.answers = [serve(cut=CUT)]
    with pytest.raises(UserError, match=r"in 1 attempts \(Download is incomplete: received 524288 bytes"):
        download(url=server.url, attempts=1)
    assert not download.path.exists()
    assert download.partial().read_bytes() == ARCHIVE[:KEPT]
    assert download(url=server.url, attempts=1) == ARCHIVE
    assert server.seen[-1][1] == f"bytes={KEPT}-"
    assert download.left() == ["data.zip"]


def test_the_partial_file_of_another_source_is_not_continued(server: Server, download: Download) -> None:
    server.answers = [serve(cut=CUT)]
    with pytest.raises(UserError):
        download(url=server.url, attempts=1)
    assert download(url=server.url + "?other", attempts=1) == ARCHIVE
    assert server.seen[-1][1] is None


def test_a_file_that_changed_between_two_calls_does_not_pass(server: Server, download: Download) -> None:
    server.answers = [serve(cut=CUT)]
    with pytest.raises(UserError):
        download(url=server.url, attempts=1)
    server.content = make_archive(seed=2)
    with pytest.raises(UserError, match="damaged or cut short"):
        download(url=server.url, attempts=1)
    assert download.left() == []


def test_a_server_without_ranges_is_asked_afresh(server: Server, download: Download) -> None:
    server.answers = [serve(cut=CUT), *[serve(ranges=False)] * 5]
    assert download(url=server.url, attempts=4) == ARCHIVE
    assert download.pauses == [5.0, 10.0, 20.0]


def test_a_partial_file_already_whole_is_no_dead_end(server: Server, download: Download) -> None:
    server.answers = [serve(cut=CUT)]
    with pytest.raises(UserError):
        download(url=server.url, attempts=1)
    download.partial().write_bytes(ARCHIVE)  # a run killed just before the file was renamed
    assert download(url=server.url) == ARCHIVE


def test_several_partial_files_are_no_dead_end(server: Server, download: Download) -> None:
    server.answers = [serve(cut=CUT)]
    with pytest.raises(UserError):
        download(url=server.url, attempts=1)
    partial = download.partial()
    partial.with_name(partial.name[:-13] + "abcdefgh.part").write_bytes(b"x")
    assert download(url=server.url) == ARCHIVE
    assert download.left() == ["data.zip"]


@pytest.mark.parametrize("cut", [1, CUT, len(ARCHIVE) - 1])
def test_a_cut_without_announced_size_does_not_pass(server: Server, download: Download, cut: int) -> None:
    server.answers = [serve(cut=cut, length=False)] * 3
    with pytest.raises(UserError, match=r"cut short|whether it is whole"):
        download(url=server.url)
    assert download.left() == []


def test_a_whole_archive_without_announced_size_passes(server: Server, download: Download) -> None:
    server.answers = [serve(length=False)]
    assert download(url=server.url) == ARCHIVE


@pytest.mark.parametrize(("length", "good"), [(True, True), (False, False)])
def test_a_file_that_is_no_archive_needs_an_announced_size(
    server: Server, download: Download, length: bool, good: bool
) -> None:
    server.content = b"some other bytes"
    server.answers = [serve(length=length)]
    if good:
        assert download(url=server.url) == server.content
    else:
        with pytest.raises(UserError, match=r"without its size .* give its sha256"):
            download(url=server.url)


def test_a_file_that_is_no_archive_is_not_pieced_together_unchecked(
    server: Server, download: Download
) -> None:
    server.content = bytes(range(256)) * 4096
    for sha256, good in ((None, False), (hashlib.sha256(server.content).hexdigest(), True)):
        server.answers = [serve(cut=CUT)]
        if good:
            assert download(url=server.url, sha256=sha256) == server.content
        else:
            with pytest.raises(UserError, match=r"in parts.* give its sha256"):
                download(url=server.url, sha256=sha256)


@pytest.mark.parametrize("sha256", [None, HASH])
@pytest.mark.parametrize("page", [QUOTA_PAGE, b"\xef\xbb\xbf\n <HTML><body>no</body></HTML>"])
def test_a_web_page_is_no_file(server: Server, download: Download, page: bytes, sha256: str | None) -> None:
    server.answers = [send(200, page)]
    with pytest.raises(
        UserError, match=r"web page .* quota .* not shared .* try again later, or download it"
    ):
        download(url=server.url, sha256=sha256)
    assert download.left() == []


def test_an_empty_file_is_refused(server: Server, download: Download) -> None:
    server.content = b""
    with pytest.raises(UserError, match="is empty"):
        download(url=server.url)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_passing_fault_is_tried_again_with_growing_pauses(
    server: Server, download: Download, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [send(status, b"<html>busy</html>")] * 2
    assert download(url=server.url) == ARCHIVE
    assert download.pauses == [5.0, 10.0]
    assert f"{status}" in capsys.readouterr().err


def test_attempts_run_out(server: Server, download: Download) -> None:
    server.answers = [send(503)] * 3
    with pytest.raises(UserError, match=r"in 3 attempts \(503 .*run again") as caught:
        download(url=server.url)
    assert "\n" not in str(caught.value)
    assert len(server.seen) == 3
    assert download.pauses == [5.0, 10.0]


@pytest.mark.parametrize("status", [403, 404])
def test_a_lasting_fault_is_not_tried_again(server: Server, download: Download, status: int) -> None:
    server.answers = [send(status)]
    with pytest.raises(UserError, match=f"{status}"):
        download(url=server.url)
    assert len(server.seen) == 1


@pytest.mark.parametrize("url", ["nowhere/data.zip", "file:///etc/hostname", "http://"])
def test_a_bad_url_is_not_tried_again(download: Download, url: str) -> None:
    with pytest.raises(UserError):
        download(url=url)
    assert download.pauses == []


def test_a_url_that_trips_gdown(download: Download) -> None:
    with pytest.raises(UserError):
        download(url="http://[bad")


def test_nobody_listens(server: Server, download: Download) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(UserError, match="in 2 attempts"):
        download(url=server.url, attempts=2)


def test_a_folder_in_the_way(server: Server, download: Download) -> None:
    download.path.mkdir(parents=True)
    with pytest.raises(UserError, match="is a folder"):
        download(url=server.url)


def test_a_disk_that_refuses(server: Server, download: Download) -> None:
    (download.folder / "cache").write_text("a file where a folder is needed")
    with pytest.raises(UserError, match=r"cannot write .*/cache/data\.zip \(File exists\): free space"):
        download(url=server.url)


@pytest.mark.parametrize("older", [b"older", None])
def test_a_full_disk_is_one_line_and_continued_later(
    server: Server, download: Download, older: bytes | None
) -> None:
    download.path.parent.mkdir()
    if older:
        download.path.write_bytes(older)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (CUT, limits[1]))
    try:
        with pytest.raises(UserError) as caught:
            download(url=server.url)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    line = f"cannot write {download.path} (File too large): free space or mend the folder"
    assert str(caught.value) == line
    assert download.pauses == []
    assert (download.path.read_bytes() if download.path.exists() else None) == older
    assert download.partial().stat().st_size == CUT
    assert download(url=server.url) == ARCHIVE
    assert server.seen[-1][1] == f"bytes={CUT}-"
    assert download.left() == ["data.zip"]


def test_an_interrupted_download_keeps_its_partial_file(server: Server, download: Download) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    server.answers = [serve(cut=CUT)]
    with pytest.raises(KeyboardInterrupt):
        drive.download("", download.path, url=server.url, pause=interrupt)
    assert download.partial().stat().st_size == KEPT
