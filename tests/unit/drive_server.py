"""A local server that stands in for Google Drive and for a mirror, and downloads from it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import random
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ablation.photos import drive

DATE = "Wed, 01 Jan 2020 00:00:00 GMT"
QUOTA_PAGE = (
    b"<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>\n"
    b'<p class="uc-error-caption">Sorry, you can&#39;t view or download this file at this time.</p>\n'
    b'<p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently.</p>\n'
    b"</body></html>"
)


def make_archive(seed: int = 1) -> bytes:
    """A zip of incompressible bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        # Not the present time: ids of tests are made of its hash.
        file.writestr(zipfile.ZipInfo("training/a.jpg"), random.Random(seed).randbytes(1_500_000))
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
