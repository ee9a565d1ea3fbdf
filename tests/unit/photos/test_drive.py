"""Downloads from Google Drive by id, against a local server that stands in for it."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from drive_server import ARCHIVE, CUT, HASH, KEPT, QUOTA_PAGE, Download, Handler, Server, send, serve

from ablation.running.errors import UserError

CONFIRM_PAGE = (
    b"<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>"
    b'<form id="download-form" action="https://drive.usercontent.google.com/download" method="get">'
    b'<input type="submit" value="Download anyway"/><input type="hidden" name="id" value="FILE-id_1">'
    b'<input type="hidden" name="export" value="download"><input type="hidden" name="confirm" value="t">'
    b'<input type="hidden" name="uuid" value="1234"></form></body></html>'
)


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
