"""Archives of every kind, made by the standard library, and unpacking them under watch."""

from __future__ import annotations

import io
import random
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from on_disk import tree

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
