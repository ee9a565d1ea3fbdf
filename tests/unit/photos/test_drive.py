"""Downloads, against a local server that stands in for Google Drive and for a mirror."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import random
import resource
import stat
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from ablation.photos import drive
from ablation.running.errors import UserError

DATE = "Wed, 01 Jan 2020 00:00:00 GMT"
QUOTA_PAGE = (
    b"<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>\n"
    b'<p class="uc-error-caption">Sorry, you can&#39;t view or download this file at this time.</p>\n'
    b'<p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently.</p>\n'
    b"</body></html>"
)
CONFIRM_PAGE = (
    b"<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>"
    b'<form id="download-form" action="https://drive.usercontent.google.com/download" method="get">'
    b'<input type="submit" value="Download anyway"/><input type="hidden" name="id" value="FILE-id_1">'
    b'<input type="hidden" name="export" value="download"><input type="hidden" name="confirm" value="t">'
    b'<input type="hidden" name="uuid" value="1234"></form></body></html>'
)


def make_archive(seed: int = 1) -> bytes:
    """A zip of incompressible bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("training/a.jpg", random.Random(seed).randbytes(1_500_000))
    return buffer.getvalue()


ARCHIVE = make_archive()
# gdown writes in pieces of 512 KiB and loses what it had of the next.
CUT, KEPT = 700_000, 524_288
HASH = hashlib.sha256(ARCHIVE).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Answers with the next of the server's prepared answers, else with its content."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.close_connection = True
        self.server.seen.append((self.path, self.headers.get("Range")))
        answer = self.server.answers.pop(0) if self.server.answers else serve()
        # gdown leaves the body of the first answer unread when it continues a file.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            answer(self)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def reply(self, status: int, body: bytes, headers: dict[str, str], announced: int | None) -> None:
        self.send_response(status)
        for name, value in {"Connection": "close", **headers}.items():
            self.send_header(name, value)
        if announced is not None:
            self.send_header("Content-Length", str(announced))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = ARCHIVE
        self.answers: list[Callable[[Handler], None]] = []
        self.seen: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/data.zip"


def serve(
    cut: int | None = None, ranges: bool = True, length: bool = True, **more: str
) -> Callable[[Handler], None]:
    """Send the content, or the part asked for; after `cut` bytes close the connection."""

    def answer(handler: Handler) -> None:
        content = handler.server.content
        asked = handler.headers.get("Range") if ranges else None
        headers = {"Content-Type": "application/zip", "Last-Modified": DATE}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        start = 0
        if asked:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                handler.reply(416, b"", {"Content-Range": f"bytes */{len(content)}"}, 0)
                return
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        body = content[start:]
        handler.reply(206 if asked else 200, body[:cut], headers, len(body) if length else None)

    return answer


def send(status: int, body: bytes = b"", kind: str = "text/html; charset=utf-8") -> Callable[[Handler], None]:
    return lambda handler: handler.reply(status, body, {"Content-Type": kind}, len(body))


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def google(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, with requests to Google's hosts led to it, so that gdown's code for ids runs."""

    class ToServer(requests.adapters.HTTPAdapter):
        def send(
            self, request: requests.PreparedRequest, *args: object, **kwargs: object
        ) -> requests.Response:
            parts = urlsplit(str(request.url))
            assert parts.hostname in ("drive.google.com", "docs.google.com", "drive.usercontent.google.com")
            request.url = f"http://127.0.0.1:{server.server_port}/{parts.hostname}{parts.path}?{parts.query}"
            return super().send(request, *args, **kwargs)  # type: ignore[arg-type]

    def get_adapter(_self: requests.Session, url: str) -> ToServer:
        assert url.startswith("https://")
        return ToServer()

    monkeypatch.setattr(requests.Session, "get_adapter", get_adapter)
    return server


class Download:
    """Calls download with this test's folder, noting the pauses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "cache" / "data.zip"
        self.pauses: list[float] = []

    def __call__(self, file_id: str = "FILE-id_1", **kwargs: object) -> bytes:
        drive.download(file_id, self.path, pause=self.pauses.append, **kwargs)  # type: ignore[arg-type]
        return self.path.read_bytes()

    def left(self) -> list[str]:
        return sorted(path.name for path in self.path.parent.iterdir())

    def partial(self) -> Path:
        (path,) = self.path.parent.glob(".*.part")
        return path


@pytest.fixture
def download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Download:
    cookies = str(tmp_path / "home" / "cookies.txt")
    monkeypatch.setattr(sys.modules["gdown.download"], "DEFAULT_COOKIES_FILE", cookies)
    return Download(tmp_path)


# --- a mirror --------------------------------------------------------------------------------------


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


# --- Google Drive by id ----------------------------------------------------------------------------


def drive_file(handler: Handler) -> None:
    """Send the file if the form's answers came with the request, else the form."""
    if parse_qs(urlsplit(handler.path).query).get("confirm") == ["t"]:
        serve(Content_Disposition='attachment; filename="data.zip"')(handler)
    else:
        send(200, CONFIRM_PAGE)(handler)


def test_an_id_goes_through_the_confirmation_form(google: Server, download: Download) -> None:
    def redirect(handler: Handler) -> None:
        target = "https://drive.usercontent.google.com/download?id=FILE-id_1&export=download"
        handler.reply(303, b"", {"Location": target, "Content-Type": "text/html"}, 0)

    google.answers = [redirect, drive_file, drive_file]
    before = time.time()
    assert download(sha256=HASH) == ARCHIVE
    paths = [path for path, _ in google.seen]
    assert paths[0] == "/drive.google.com/uc?id=FILE-id_1"
    asked = urlsplit(paths[-1])
    assert asked.path == "/drive.usercontent.google.com/download"
    assert parse_qs(asked.query) == {
        "id": ["FILE-id_1"],
        "export": ["download"],
        "confirm": ["t"],
        "uuid": ["1234"],
    }
    assert download.path.stat().st_mtime >= before - 1  # and not the year of Last-Modified
    assert not (download.folder / "home").exists()


def test_an_id_cut_short_is_continued(google: Server, download: Download) -> None:
    disposition = 'attachment; filename="data.zip"'
    google.answers = [
        drive_file,
        serve(cut=CUT, Content_Disposition=disposition),
        *[drive_file] * 3,
    ]
    assert download() == ARCHIVE
    assert google.seen[-1][1] == f"bytes={KEPT}-"
    assert "confirm=t" in google.seen[-1][0]


def test_a_used_up_quota_is_named(google: Server, download: Download) -> None:
    google.answers = [send(200, QUOTA_PAGE)] * 3
    with pytest.raises(UserError, match=r"Too many users .* quota .* by hand") as caught:
        download()
    assert "\n" not in str(caught.value)
    assert not download.path.exists()


def test_a_quota_page_does_not_cost_the_partial_file(google: Server, download: Download) -> None:
    google.answers = [drive_file, serve(cut=CUT, Content_Disposition="attachment")]
    with pytest.raises(UserError):
        download(attempts=1)
    google.answers = [send(200, QUOTA_PAGE)] * 2
    with pytest.raises(UserError):
        download(attempts=2)
    assert download.partial().read_bytes() == ARCHIVE[:KEPT]


def test_a_sign_in_page_is_named(google: Server, download: Download) -> None:
    google.answers = [send(200, b"<html><body>Sign in</body></html>")] * 3
    with pytest.raises(UserError, match="not shared"):
        download()


@pytest.mark.parametrize("status", [500, 503])
def test_drive_is_tried_again_after_5xx(google: Server, download: Download, status: int) -> None:
    # On 500 gdown asks again as if for a document, within the same attempt.
    faults = 4 if status == 500 else 2
    google.answers = [send(status, b"<html>busy</html>")] * faults + [drive_file] * 2
    assert download() == ARCHIVE


def test_an_answer_that_trips_gdown(google: Server, download: Download) -> None:
    def no_type(handler: Handler) -> None:
        handler.reply(503, b"", {}, 0)

    google.answers = [no_type] * 3
    with pytest.raises(UserError, match="does not understand"):
        download()


@pytest.mark.parametrize("file_id", ["", "https://drive.google.com/file/d/abc/view", "a b", "ä"])
def test_what_is_no_id_is_refused(download: Download, file_id: str) -> None:
    with pytest.raises(UserError, match="no Google Drive file id"):
        download(file_id)


def test_an_interrupted_download_keeps_its_partial_file(server: Server, download: Download) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    server.answers = [serve(cut=CUT)]
    with pytest.raises(KeyboardInterrupt):
        drive.download("", download.path, url=server.url, pause=interrupt)
    assert download.partial().stat().st_size == KEPT
