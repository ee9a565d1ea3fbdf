"""Published weights, from a local server."""

from __future__ import annotations

import hashlib
import io
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from states import assert_same, outputs, plain, with_auxiliary_heads
from weights import assert_refused

from ablation.networks import backbones, build, weight_files
from ablation.networks.backbones import BACKBONES
from ablation.networks.published_weights import fetch

VERSION = "IMAGENET1K_V1"


@lru_cache
def file_of_torchvision() -> bytes:
    buffer = io.BytesIO()
    torch.save(with_auxiliary_heads(), buffer)
    return buffer.getvalue()


def whole(request: BaseHTTPRequestHandler, body: bytes) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def not_found(request: BaseHTTPRequestHandler, _body: bytes) -> None:
    request.send_error(404)


def no_answer(_request: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Close the connection."""


def half(request: BaseHTTPRequestHandler, body: bytes) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body[: len(body) // 2])


def half_a_chunk(request: BaseHTTPRequestHandler, body: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n"
    request.wfile.write(head.encode() + body[: len(body) // 2])


def not_http(request: BaseHTTPRequestHandler, _body: bytes) -> None:
    request.wfile.write(b"220 mail.example.com ready\r\n\r\n")


def no_length(request: BaseHTTPRequestHandler, body: bytes) -> None:
    request.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: many\r\n\r\n" + body)


@dataclass
class Site:
    """A server that publishes GoogLeNet's weights, with what it was asked for."""

    publish: Callable[..., None]
    cache: Path
    answer: Callable[[BaseHTTPRequestHandler, bytes], None] = whole
    body: bytes = b""
    url: str = ""
    asked: list[str] = field(default_factory=list)
    stop: Callable[[], None] = lambda: None

    def cached(self) -> list[str]:
        return [path.name for path in self.cache.rglob("*") if path.is_file()]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "*")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            made.answer(self, made.body)

        def log_message(self, *_args: Any) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()

    def publish(body: bytes, digest: str | None = None) -> None:
        """Serve these bytes under a name with the first digits of their hash, or with those given."""
        digits = digest or hashlib.sha256(body).hexdigest()[:8]
        made.body = body
        made.url = f"http://127.0.0.1:{server.server_port}/googlenet-{digits}.pth"
        value = torchvision.models.get_model_weights("googlenet")[VERSION].value
        monkeypatch.setattr(value, "url", made.url)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    made = Site(publish, tmp_path / "torch" / "hub" / "checkpoints", stop=stop)
    yield made
    stop()


def test_published_weights_are_torchvisions(site: Site, tmp_path: Path) -> None:
    site.publish(file_of_torchvision())
    state, about = fetch("googlenet", VERSION)
    assert_same(state, plain())
    assert about["sha256"] == hashlib.sha256(file_of_torchvision()).hexdigest()
    weight_files.write_weights(tmp_path / "w.safetensors", state, {})
    net = build.pretrained("googlenet", tmp_path / "w.safetensors")
    theirs = torchvision.models.googlenet(weights=VERSION)
    assert theirs.transform_input
    assert torch.equal(outputs(net), outputs(theirs))


def test_published_weights_are_fetched_once(site: Site) -> None:
    site.publish(file_of_torchvision())
    for _ in range(2):
        assert_same(fetch("googlenet", VERSION)[0], plain())
    assert len(site.asked) == 1
    assert site.cached() == [Path(site.url).name]


def test_other_bytes_than_the_published_are_refused(site: Site) -> None:
    site.publish(file_of_torchvision(), digest="01234567")
    assert_refused(lambda: fetch("googlenet", VERSION), site.url, "invalid hash value")
    assert site.cached() == []


@pytest.mark.parametrize("answer", [not_found, no_answer, half, half_a_chunk, not_http, no_length])
def test_a_failing_transfer_is_one_line_and_leaves_nothing(answer: Any, site: Site) -> None:
    site.publish(b"x" * 400_000)
    site.answer = answer
    assert_refused(lambda: fetch("googlenet", VERSION), site.url, "check the connection")
    assert len(site.asked) == 1
    assert site.cached() == []


def test_a_server_that_is_away_is_one_line(site: Site) -> None:
    site.publish(b"x")
    site.stop()
    assert_refused(lambda: fetch("googlenet", VERSION), site.url, "refused")
    assert site.cached() == []


@pytest.mark.parametrize("kind", ["empty", "text", "half", "one byte"])
def test_a_damaged_cache_is_named(kind: str, site: Site) -> None:
    whole = file_of_torchvision()
    site.publish(whole)
    site.cache.mkdir(parents=True)
    path = site.cache / Path(site.url).name
    middle = len(whole) // 2
    one_byte = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    path.write_bytes({"empty": b"", "text": b"hello\n", "half": whole[:middle], "one byte": one_byte}[kind])
    assert_refused(lambda: fetch("googlenet", VERSION), str(path), "altered or cut short")
    path.unlink()
    fetch("googlenet", VERSION)


@pytest.mark.parametrize(
    ("backbone", "known"), [("googlenet", [VERSION]), ("resnet50", [VERSION, "IMAGENET1K_V2"])]
)
def test_an_unknown_version_lists_the_known(backbone: str, known: list[str]) -> None:
    assert_refused(lambda: fetch(backbone, "IMAGENET1K_V9"), backbone, "'IMAGENET1K_V9'", *known)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_has_published_weights(backbone: str) -> None:
    published_as = torchvision.models.get_model_weights(backbone)[VERSION]
    # torch.hub checks the file's hash against these digits, and nothing if there are none.
    assert re.fullmatch(r"https://.*/[^/]+-[0-9a-f]{8}\.pth", published_as.url)
    with torch.device("meta"):
        net = build.untouched(backbone)
    assert sum(values.numel() for values in net.parameters()) == published_as.meta["num_params"]
    assert len(published_as.meta["categories"]) == backbones.IMAGENET_CLASSES


def test_every_version_of_every_network_is_checked_by_its_name() -> None:
    for backbone in torchvision.models.list_models(module=torchvision.models):
        for version in torchvision.models.get_model_weights(backbone):
            if version.name == "IMAGENET1K_FEATURES":  # of VGG16, without its classifier
                continue
            assert re.fullmatch(r"[A-Z0-9_]+_V[0-9]+", version.name)
            assert re.fullmatch(r"https://.*-[0-9a-f]{8,10}\.pth", version.url)


def test_a_version_of_another_size_of_the_network_is_refused(site: Site) -> None:
    buffer = io.BytesIO()
    torch.save(plain() | {"conv1.conv.weight": torch.ones(64, 3, 9, 9)}, buffer)
    site.publish(buffer.getvalue())
    assert_refused(
        lambda: fetch("googlenet", VERSION),
        *(
            site.url,
            "conv1.conv.weight (64 x 3 x 9 x 9 in place of 64 x 3 x 7 x 7)",
            "choose another version",
        ),
    )
