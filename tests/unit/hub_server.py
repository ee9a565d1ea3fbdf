"""A local server that stands in for the Hugging Face hub: one file of one repository."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# The commit that every revision stands for.
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILE = "model.safetensors"


class Handler(BaseHTTPRequestHandler):
    """Answers as the server says, else as the hub does."""

    server: Hub

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        if "/resolve/" not in self.path:  # what its library asks for besides
            self.send_error(404)
            return
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.answer(self)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def reply(self, status: int, body: bytes, headers: dict[str, str], announced: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if announced is None else announced))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


class Hub(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, repository: str, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repository, self.content = repository, content
        self.answer: Callable[[Handler], None] = serve()
        self.asked: list[str] = []

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    """Answer until the block ends."""
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()


def serve(
    change: Callable[[bytes], bytes] = bytes, sent: int | None = None, times: int = 1_000
) -> Callable[[Handler], None]:
    """Answer with the file, changed once it is announced; the first `times` break off after `sent` bytes."""
    left = [times]

    def answer(handler: Handler) -> None:
        hub = handler.server
        found = [f"/{hub.repository}/resolve/{revision}/{FILE}" for revision in (COMMIT, "main")]
        if handler.path not in found:
            error = (
                "RevisionNotFound"
                if handler.path.startswith(f"/{hub.repository}/resolve/")
                else "RepoNotFound"
            )
            handler.reply(404, b"", {"X-Error-Code": error})
            return
        headers = {
            "X-Repo-Commit": COMMIT,
            "ETag": f'"{hub.sha256}"',
            "X-Linked-ETag": f'"{hub.sha256}"',
            "X-Linked-Size": str(len(hub.content)),
        }
        body = change(hub.content)
        if handler.command == "GET" and left[0] and sent is not None:
            left[0] -= 1
            handler.reply(200, body[:sent], headers, announced=len(body))
        else:
            handler.reply(200, body, headers)

    return answer


def fail(status: int, **headers: str) -> Callable[[Handler], None]:
    """Answer with an error page."""
    page = b"<!DOCTYPE html><html><body><h1>An error</h1></body></html>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(status, page, {"Content-Type": "text/html", **named})
