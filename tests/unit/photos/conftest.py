"""The archive that is unpacked, the pack of photos and the local server of several test files."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import Unpack
from drive_server import Download, Server
from packs import SIZE, write_kinds

from ablation.photos import indexing, manifest, packing


@pytest.fixture
def unpack(tmp_path: Path) -> Unpack:
    return Unpack(tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Photos of three classes."""
    return write_kinds(tmp_path / "photos")


@pytest.fixture
def listed(root: Path) -> Path:
    """The manifest of the photos."""
    path = root.parent / "manifest.csv"
    manifest.write(indexing.index(root, 0.6, 0).entries, path)
    return path


@pytest.fixture
def packed(root: Path, listed: Path) -> Path:
    """A pack of the photos."""
    folder = root.parent / "pack"
    packing.build(root, listed, SIZE, folder)
    return folder


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Download:
    cookies = str(tmp_path / "home" / "cookies.txt")
    monkeypatch.setattr(sys.modules["gdown.download"], "DEFAULT_COOKIES_FILE", cookies)
    return Download(tmp_path)
