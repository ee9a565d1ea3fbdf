"""Unpack a downloaded data set without trusting it: zip or tar, told apart by content.

An archive comes from outside, so nothing in it may decide where files land or how much disk they
take: links and odd paths are refused, and bytes are counted as they are written, not as announced.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO

from ablation.photos.kinds import ARCHIVES, SUFFIXES, is_photo
from ablation.photos.wording import short, some
from ablation.running.errors import UserError
from ablation.running.files import atomic_folder

MAX_BYTES = 20 * 10**9
# An honest data set comes near neither.
_MOST_MEMBERS = 1_000_000
_MOST_LEVELS = 30

_CHUNK = 1024**2
# tarfile reads a member's extended header whole into memory. No honest header comes near this.
_MAX_READ = 16 * 1024**2
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_COMPRESSED: tuple[tuple[bytes, Callable[[Path], io.BufferedIOBase]], ...] = (
    (b"\x1f\x8b", gzip.GzipFile),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
    (b"\x5d\x00\x00", lzma.LZMAFile),
)
_ZIP_PART = "a part of a zip in several files"
# Other packings that people have, by their first bytes.
_UNREAD: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"PK\x07\x08", _ZIP_PART),
    (b"\x28\xb5\x2f\xfd", "compressed by Zstandard"),
    (b"\x1f\x9d", "compressed by compress"),
    (b"MSCF", "a cabinet of Windows"),
)
# What zipfile unpacks: stored, Deflate, bzip2, LZMA.
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
# By the format's own numbers (APPNOTE.TXT, 4.4.5); deflate64 is what Windows Explorer takes over 2 GB.
_ZIP_METHOD_NAMES = {1: "shrink", 6: "implode", 9: "deflate64", 93: "Zstandard", 95: "xz", 98: "PPMd"}
_ZIP_UTF8, _ZIP_UNICODE_NAME = 0x800, 0x7075
_ZIP_END, _ZIP_END_BYTES, _ZIP_TOO_MANY = b"PK\x05\x06", 22 + 0xFFFF, 0xFFFF
_MACOS_FOLDER = "__MACOSX"
# What follows the last member of a tar, read like a hidden member.
_TAIL = PurePosixPath(".tail")

_Member = tuple[PurePosixPath, bool, Iterator[bytes]]


class _Damaged(Exception):
    """The archive's bytes make no sense; turned into a `UserError` that names the archive."""


class _TooLarge(UserError):
    """The members hold more bytes than allowed."""


def unpack(archive: Path, destination: Path, max_bytes: int = MAX_BYTES) -> None:
    """Unpack a zip or tar (plain, gzip, bzip2 or xz) so that its files lie under `destination`.

    What stands at `destination` (nothing, or a folder) is replaced only after every member has been
    read and checked. Hidden files and macOS' `__MACOSX/` are left out. Raises `UserError` when the
    archive is missing, of another kind, damaged, cut short, encrypted, empty or compressed in a way that
    Python does not know; when it holds archives and no photos; when a member has a name in no known
    encoding, an unsafe path or is not a plain file or folder; when the members hold more than `max_bytes`
    bytes; and when the disk refuses.
    """
    with atomic_folder(destination) as folder:
        if _walk(archive, max_bytes, folder) == 0:
            raise UserError(f"{archive} holds no files: download it again or name another archive")
        _refuse_nested(archive, folder)


def _refuse_nested(archive: Path, folder: Path) -> None:
    """Raise `UserError` if what was unpacked holds archives, but no photo."""
    nested = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        suffix = path.suffix.lower()
        if suffix in SUFFIXES or is_photo(path):
            return
        if suffix in ARCHIVES:
            nested.append(path.relative_to(folder))
    if nested:
        raise UserError(
            f"{archive} holds no photos but {some(sorted(nested), 'archive', 'archives')}: unpack it "
            "and what is in it, and give the folder"
        )


def verify(archive: Path, max_bytes: int = MAX_BYTES) -> None:
    """Read an archive, at most `max_bytes` of its members; raise `UserError` as `unpack`, but write nothing.

    Whether it is too large is not said here: `unpack` knows what the user allows.
    """
    with suppress(_TooLarge):
        _walk(archive, max_bytes, None)


def is_archive(path: Path) -> bool:
    """Tell by the first bytes whether a file looks like a zip or tar, compressed or not."""
    with path.open("rb") as file:
        start = file.read(tarfile.BLOCKSIZE)
    magics = (*_ZIP_MAGIC, *(magic for magic, _ in _COMPRESSED))
    return start.startswith(magics) or _is_tar_header(start)


def _walk(archive: Path, max_bytes: int, folder: Path | None) -> int:
    """Read all members, writing them under `folder` if there is one; return how many files were kept."""
    total = 0
    kept = 0
    try:
        for number, (name, is_folder, chunks) in enumerate(_members(archive), start=1):
            if number > _MOST_MEMBERS:
                raise UserError(f"{archive} holds more than {_MOST_MEMBERS} files: unpack it by hand")
            target = None if folder is None or _is_hidden(name) else folder / name
            with _member_named(archive, name), _sink(target, is_folder) as write:
                for chunk in chunks:
                    total += len(chunk)
                    if total > max_bytes:
                        raise _TooLarge(
                            f"{archive} unpacks to more than {max_bytes} bytes: "
                            "make sure that it is the right archive, or raise the data set's unpacked_gb"
                        )
                    write(chunk)
            kept += not (is_folder or _is_hidden(name))
    except _Damaged as error:
        raise UserError(f"{archive} is damaged or cut short ({error}): download it again") from error
    return kept


@contextmanager
def _sink(target: Path | None, is_folder: bool) -> Iterator[Callable[[bytes], object]]:
    """Yield what takes a member's bytes: its file, or nothing for folders and members left out."""
    if target is not None:
        (target if is_folder else target.parent).mkdir(parents=True, exist_ok=True)
    if target is None or is_folder:
        yield len
    else:
        with target.open("wb") as file:
            yield file.write


@contextmanager
def _member_named(archive: Path, name: PurePosixPath) -> Iterator[None]:
    """Name the member in errors that come from its own path, such as a file under another file."""
    try:
        yield
    except (FileExistsError, NotADirectoryError, IsADirectoryError, ValueError) as error:
        raise UserError(f"{archive} holds {name}, which cannot be written ({error}): repack it") from error


def _members(archive: Path) -> Iterator[_Member]:
    """Yield (path, is it a folder, its bytes) of each member, every path having been found safe."""
    try:
        with archive.open("rb") as file:
            start = file.read(max(len(magic) for magic in _ZIP_MAGIC))
    except OSError as error:
        raise UserError(
            f"{archive} cannot be read ({error.strerror}): download it or mend its path"
        ) from error
    yield from _zip_members(archive) if start in _ZIP_MAGIC else _tar_members(archive)


@contextmanager
def _reading() -> Iterator[None]:
    """Turn whatever a decoder trips over into `_Damaged`.

    In a generator this covers only the reading, never what the consumer does between two yields.
    """
    try:
        yield
    except (UserError, _Damaged):
        raise
    except Exception as error:
        # The decoders raise some fifteen kinds (zlib.error, EOFError, struct.error, KeyError, ...).
        raise _Damaged(" ".join(str(error).split()) or type(error).__name__) from error


def _chunks(open_member: Callable[[], IO[bytes]]) -> Iterator[bytes]:
    with _reading(), open_member() as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _safe_path(archive: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or re.match(r"[A-Za-z]:[\\/]", name):
        raise UserError(f"{archive} holds {name!r}, an absolute path: do not use this archive")
    if ".." in path.parts:
        raise UserError(f"{archive} holds {name!r}, a path that climbs with ..: do not use this archive")
    if len(path.parts) > _MOST_LEVELS or any(len(part.encode(errors="replace")) > 255 for part in path.parts):
        raise UserError(
            f"{archive} holds {name[:100]!r}..., a path of over {_MOST_LEVELS} folders or 255 bytes a name: "
            "repack it"
        )
    return path


def _is_hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == _MACOS_FOLDER for part in path.parts)


# --- zip -------------------------------------------------------------------------------------------


def _zip_members(archive: Path) -> Iterator[_Member]:
    with _reading(), zipfile.ZipFile(archive) as file:
        found, said = len(file.infolist()), _said_to_hold(archive)
        # Of more files some write the last 16 bits, others, as the format asks, that they are too many.
        if said not in (found & _ZIP_TOO_MANY, _ZIP_TOO_MANY):
            raise _Damaged(f"its table of contents names {found} files, and its end {said}")
        for info in file.infolist():
            # Some Windows tools write backslashes, against the format's own rule.
            path = _safe_path(archive, _zip_name(archive, info).replace("\\", "/"))
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise UserError(
                    f"{archive} holds {info.filename!r}, which is a link or device: repack it without"
                )
            if info.flag_bits & 1:
                raise UserError(
                    f"{archive} is encrypted ({info.filename}): "
                    "unpack it with its password and give the folder"
                )
            if info.compress_type not in _ZIP_METHODS:
                method = _ZIP_METHOD_NAMES.get(info.compress_type, f"method {info.compress_type}")
                raise UserError(
                    f"{archive} is compressed by {method} ({short(info.filename)}), which Python does not "
                    "know: unpack it and give the folder"
                )
            is_folder = kind == stat.S_IFDIR or info.filename.endswith(("/", "\\"))
            yield path, is_folder, iter(()) if is_folder else _chunks(_zip_opener(file, info))


def _zip_name(archive: Path, info: zipfile.ZipInfo) -> str:
    """Return a member's name.

    Without the flag for UTF-8 it is to be in code page 437. What writes other names there has them in UTF-8
    without the flag (macOS, `zip -r` in a C locale), or in the code page of its country, which no archive
    names, with UTF-8 in a field beside it (WinRAR) or without.
    """
    if info.flag_bits & _ZIP_UTF8:
        return info.filename
    raw = info.orig_filename.encode("cp437")
    for encoded in (_zip_unicode_name(info, raw), raw):
        with suppress(UnicodeDecodeError):
            if encoded is not None:
                # zipfile ends a name at its first zero.
                return encoded.partition(b"\0")[0].decode()
    raise _of_unknown_encoding(archive, raw)


def _zip_unicode_name(info: zipfile.ZipInfo, raw: bytes) -> bytes | None:
    """Return a member's name in UTF-8 from the field for it (APPNOTE.TXT, 4.6.9), if it is of this name."""
    extra = info.extra
    while len(extra) >= 4:
        field, length = struct.unpack_from("<HH", extra)
        content, extra = extra[4 : 4 + length], extra[4 + length :]
        if field == _ZIP_UNICODE_NAME and content[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
            return content[5:]
    return None


def _of_unknown_encoding(archive: Path, raw: bytes) -> UserError:
    """Return the error for a name that could be any."""
    return UserError(
        f"{archive} holds {raw[-100:]!r}, a name that is neither ASCII nor UTF-8: unpack it by the program "
        "that made it and give the folder, or pack it anew with names in UTF-8"
    )


def _said_to_hold(archive: Path) -> int:
    """Return how many members a zip says at its end that it has, in 16 bits (PKWARE's APPNOTE.TXT, 4.3.16).

    zipfile does not look there: where the length of the table of contents was changed, it may find the table
    to begin with a later member, and take those before it for something put in front of a zip.
    """
    (count,) = struct.unpack_from("<H", _zip_end(archive), 10)
    return int(count)


def _is_last_of_several(archive: Path) -> bool:
    """Tell whether a file that does not begin as a zip ends as one that begins in another file."""
    end = _zip_end(archive)
    return len(end) >= 22 and end[4:6] != bytes(2)


def _zip_end(archive: Path) -> bytes:
    """Return what a zip ends with, from the record that says that it is the end; nothing without one."""
    with archive.open("rb") as file:
        file.seek(-min(archive.stat().st_size, _ZIP_END_BYTES), os.SEEK_END)
        tail = file.read()
    place = tail.rfind(_ZIP_END)
    return tail[place:] if place >= 0 else b""


def _zip_opener(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: file.open(info)


# --- tar -------------------------------------------------------------------------------------------


class _BoundedReads(io.RawIOBase):
    """A file that refuses one huge read, which only a forged extended header asks for."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= _MAX_READ:
            raise _Damaged("a header of a member is impossibly large")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _tar_members(archive: Path) -> Iterator[_Member]:
    with _reading(), _decompressed(archive) as stream:
        start = stream.read(tarfile.BLOCKSIZE)
        unread = [what for magic, what in _UNREAD if start.startswith(magic)]
        if not unread and not _is_tar_header(start) and _is_last_of_several(archive):
            unread = [_ZIP_PART]
        if unread:
            raise UserError(
                f"{archive} is {unread[0]}, which is not unpacked here: unpack it and give the folder, or "
                "pack it anew as zip or tar"
            )
        if not _is_tar_header(start):
            raise UserError(f"{archive} is neither a zip nor a tar archive: give one of these, or a folder")
        stream.seek(0)
        bounded = _BoundedReads(stream)
        with tarfile.open(fileobj=bounded, mode="r:") as file:
            for info in file:
                path = _checked_tar_path(archive, info)
                yield path, info.isdir(), iter(()) if info.isdir() else _chunks(_tar_opener(file, info))
            yield _TAIL, False, _tail(bounded, file.offset)


def _checked_tar_path(archive: Path, info: tarfile.TarInfo) -> PurePosixPath:
    try:
        info.name.encode()
    except UnicodeEncodeError as error:
        raise _of_unknown_encoding(archive, info.name.encode("utf-8", "surrogateescape")) from error
    path = _safe_path(archive, info.name)
    if not (info.isreg() or info.isdir()):
        raise UserError(f"{archive} holds {info.name!r}, which is a link or device: repack it without")
    try:
        tarfile.data_filter(info, str(archive.parent / "unpacked"))
    except tarfile.FilterError as error:
        raise UserError(f"{archive} holds {info.name!r}, which is unsafe ({error}): repack it") from error
    return path


def _tar_opener(file: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def open_member() -> IO[bytes]:
        opened = file.extractfile(info)
        assert opened is not None  # None is for members that are not files
        return opened

    return open_member


def _tail(stream: _BoundedReads, end: int) -> Iterator[bytes]:
    """Yield what follows the last member, after making sure that the archive really ends there.

    tarfile takes a cut or garbled header after the first member for the end of the archive, so the
    block of zeros that ends every tar is looked for here. Reading on to the end of the stream makes
    the decompressor compare its checksum.
    """
    with _reading():
        stream.seek(end)
        if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise _Damaged("the mark of its end is missing")
        while chunk := stream.read(_CHUNK):
            yield chunk


def _decompressed(archive: Path) -> io.BufferedIOBase:
    with archive.open("rb") as file:
        start = file.read(max(len(magic) for magic, _ in _COMPRESSED))
    for magic, opener in _COMPRESSED:
        if start.startswith(magic):
            return opener(archive)
    return archive.open("rb")


def _is_tar_header(block: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(block, tarfile.ENCODING, "surrogateescape")
    except tarfile.TarError as error:
        # An archive without members starts with the block of zeros that ends it.
        return isinstance(error, tarfile.HeaderError) and block == bytes(tarfile.BLOCKSIZE)
    return True
