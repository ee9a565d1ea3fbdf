"""Download a data set from Google Drive, so that only a whole and right file gets its name.

gdown does the talking (Drive's confirmation pages, ranges). This module adds what a workflow needs
around it: retries that carry on where the last one stopped, also in a later run; recognition of the
web page that Drive sends in place of a file whose quota is used up; and checks of the file itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import gdown
import requests

from ablation.photos import archive
from ablation.running import files
from ablation.running.errors import UserError

_PAUSE = 5.0
# Seconds to connect, and between two pieces of data. gdown itself would wait forever.
_TIMEOUT = (30.0, 60.0)
# gdown names its partial file like its output and these eight random characters.
_PARTIAL = r".{8}\.part"
_QUOTA = (
    "the download quota of the file may be used up, or it is not shared with anyone who has the link; "
    "try again later, or download it by hand and give it as a local data set"
)


class _TryAgain(Exception):
    """A failure that another attempt may not meet."""


def download(
    file_id: str,
    destination: Path,
    sha256: str | None = None,
    url: str | None = None,
    attempts: int = 3,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Download the Drive file `file_id`, or `url` in its place, to `destination`.

    The file is received beside `destination` and renamed only when it is whole and, where `sha256` is
    given, has that hash (64 hexadecimal digits). Up to `attempts` (1 or more) are made, with growing
    pauses of 5, 10, 20, ... seconds by `pause`; each continues what the one before received, and so
    does a later call. Raises `UserError` when all fail, when another attempt would be useless, when
    a web page comes instead of the file, and when the file is wrong, which is then deleted.
    """
    if url is None and not re.fullmatch(r"[-\w]+", file_id, re.ASCII):
        raise UserError(
            f"{file_id!r} is no Google Drive file id: give the part between /d/ and /view of its link"
        )
    if destination.is_dir():
        raise UserError(f"{destination} is a folder in the way of a download: move it elsewhere")
    source = url or f"Google Drive file {file_id}"
    # The source is part of the name, lest one file be continued with the bytes of another.
    received = destination.with_name(
        f".{destination.name}.{hashlib.sha256(source.encode()).hexdigest()[:12]}"
    )
    try:
        received.parent.mkdir(parents=True, exist_ok=True)
        transfer = _Transfer(source, received, file_id if url is None else None, url)
        _attempt(transfer, attempts, pause)
        _accept(transfer, sha256)
        # gdown gives the file the age it has on Drive, which would make it older than what asked for it,
        os.utime(received)
        # and lets nobody but its owner read it.
        received.chmod(0o666 & ~_umask())
        received.replace(destination)
    except OSError as error:
        raise files.cannot_write(destination, error) from error


def _umask() -> int:
    """Return the bits that the process takes away from the mode of a new file."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _attempt(transfer: _Transfer, attempts: int, pause: Callable[[float], None]) -> None:
    for attempt in range(1, attempts + 1):
        try:
            transfer.run()
            return
        except _TryAgain as error:
            if attempt == attempts:
                raise UserError(
                    f"{transfer.source} could not be downloaded in {attempts} attempts ({error}): "
                    "run again to continue, or download it by hand and give it as a local data set"
                ) from error
            seconds = _PAUSE * 2 ** (attempt - 1)
            print(f"{transfer.source}: {error}; trying again in {seconds:g} s", file=sys.stderr)
            pause(seconds)


class _Transfer:
    """One file on its way: where from, where to, and what is known about its size."""

    def __init__(self, source: str, received: Path, file_id: str | None, url: str | None) -> None:
        self.source = source
        self.received = received
        self.size_known = False
        """Whether the last attempt began afresh and the server announced how many bytes would come."""
        self._file_id = file_id
        self._url = url
        self._ranges_refused = 0

    def run(self) -> None:
        """Start or continue the transfer; return when gdown holds the file to be whole.

        Raises `_TryAgain`, or `UserError` where that would be useless, or `OSError` of the disk.
        """
        partials = self._partials()
        if len(partials) > 1:  # gdown would not choose
            self._discard(partials)
        continued = any(partial.stat().st_size for partial in self._partials())

        def note_size(_received: int, total: int | None) -> None:
            self.size_known = total is not None and not continued

        self.size_known = False
        try:
            gdown.download(
                id=self._file_id,
                url=self._url,
                output=str(self.received),
                resume=True,
                quiet=not sys.stderr.isatty(),
                use_cookies=False,  # or gdown writes to the home folder
                timeout=_TIMEOUT,
                progress=note_size,
            )
        except gdown.FileURLRetrievalError as error:
            # Told apart from a passing fault of Drive only by what the next attempt brings.
            raise _TryAgain(f"Google Drive sent a web page: {_drive_says(error)}; {_QUOTA}") from error
        except gdown.DownloadError as error:
            self._note_refused_range(error)
            raise _TryAgain(_one_line(error).split(". The received bytes")[0]) from error
        except requests.RequestException as error:
            if _is_lasting(error):
                raise UserError(
                    f"{self.source} cannot be downloaded ({_one_line(error)}): {_QUOTA}"
                ) from error
            raise _TryAgain(_one_line(error)) from error
        except OSError:
            raise
        except Exception as error:
            # gdown reads headers and pages with look-ups and asserts that odd answers trip.
            raise _TryAgain(f"an answer that gdown does not understand, {error!r}") from error

    def discard(self) -> None:
        """Delete all that was received."""
        self._discard([self.received, *self._partials()])

    def _partials(self) -> list[Path]:
        pattern = re.compile(re.escape(self.received.name) + _PARTIAL)
        return [path for path in self.received.parent.iterdir() if pattern.fullmatch(path.name)]

    def _discard(self, paths: list[Path]) -> None:
        for path in paths:
            path.unlink(missing_ok=True)

    def _note_refused_range(self, error: gdown.DownloadError) -> None:
        """Start afresh when the server twice did not continue the partial file.

        It may not know how to, or the file may have changed. Once may be a passing fault, for which
        gigabytes should not be thrown away.
        """
        if "byte range" in str(error):
            self._ranges_refused += 1
            if self._ranges_refused % 2 == 0:
                self._discard(self._partials())


def _is_lasting(error: requests.RequestException) -> bool:
    """Tell whether the answer will be the same next time: a bad URL, or the client's fault (4xx)."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        status = error.response.status_code
        return 400 <= status < 500 and status not in (408, 429)
    return isinstance(error, ValueError) and not isinstance(error, requests.JSONDecodeError)


def _accept(transfer: _Transfer, sha256: str | None) -> None:
    """Raise `UserError`, and delete what was received, unless it is whole and right."""
    path = transfer.received
    try:
        if path.stat().st_size == 0:
            raise UserError(f"{transfer.source} is empty: make sure that it is the right file")
        is_archive = archive.is_archive(path)
        if not is_archive and _is_web_page(path):
            raise UserError(f"{transfer.source} is a web page instead of the file: {_QUOTA}")
        if sha256 is not None:
            found = files.sha256(path)
            if found != sha256.strip().lower():
                raise UserError(
                    f"{transfer.source} has the wrong SHA-256 (expected {sha256}, found {found}): "
                    "run again to download it afresh, or correct the expected hash"
                )
        elif is_archive:
            _verify_archive(transfer)
        elif not transfer.size_known:
            raise UserError(
                f"{transfer.source} is no archive and came without its size or in parts, so nothing tells "
                "whether it is whole: give its sha256, or download it by hand and give it as a local data set"
            )
    except UserError:
        transfer.discard()
        raise


def _verify_archive(transfer: _Transfer) -> None:
    try:
        archive.verify(transfer.received)
    except UserError as error:
        # The message names the temporary file, which means nothing to the user.
        reason = str(error).replace(str(transfer.received), "it")
        raise UserError(f"{transfer.source} was downloaded, but {reason}") from error


def _is_web_page(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head")) or b"<html" in start


def _drive_says(error: Exception) -> str:
    """Return the sentence in gdown's message that comes from Drive's page (or gdown's guess)."""
    paragraphs = str(error).split("\n\n")
    return _one_line(paragraphs[1] if len(paragraphs) > 1 else paragraphs[0])


def _one_line(text: object) -> str:
    return " ".join(str(text).split()).rstrip(".")
