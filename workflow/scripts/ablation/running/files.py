"""Files and folders that appear whole or not at all, and the hashes of files."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from ablation.running.errors import UserError

# What a disk answers to bytes that it does not take; such an error names no file.
REFUSALS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; rename it to `path` when the block ends well.

    The folder is made if missing. If the block raises, the temporary file is removed and whatever
    stood at `path` before is untouched. What a killed process left of the same file is removed.

    Raises UserError where the disk or the folder refuses; other errors of the block stay as they are.
    """
    # The suffix is kept because writers such as matplotlib and Pillow choose the format by it.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    with _refusals_in_one_line(path, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        try:
            yield temporary
            # Some disks refuse only now, and after a power failure the new name could hold nothing.
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink()


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path`; it takes the place of `path` when the block ends well.

    What stands at `path` (nothing, or a folder) is untouched until then, and if the block raises.

    Raises UserError if something else stands there, and where the disk refuses.
    """
    # Fixed names, so that what a killed run left behind is removed by the next one.
    staging, older = path.with_name(f".{path.name}.part"), path.with_name(f".{path.name}.old")
    with _refusals_in_one_line(path, staging, older):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise UserError(f"{path} is in the way of a folder: move it elsewhere")
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(staging)
        staging.mkdir()
        try:
            yield staging
            _replace_folder(path, staging, older)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def deleted(folder: Path, names: Sequence[str]) -> list[str]:
    """Return which of these files are missing from a folder that has some of them; none of an empty one."""
    try:
        there = {path.name for path in folder.iterdir()}
    except (FileNotFoundError, NotADirectoryError):
        return []
    missing = [name for name in names if name not in there]
    return missing if len(missing) < len(names) else []


def remove(path: Path) -> None:
    """Remove a file, if there is one, and what killed writers left of it."""
    path.unlink(missing_ok=True)
    _remove_leftovers(path)


def cannot_write(path: Path, error: OSError) -> UserError:
    """Return the one line that says why `path` could not be written."""
    return UserError(f"cannot write {path} ({error.strerror or error}): free space or mend the folder")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 lower-case hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file (UTF-8), whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_rows(path: Path, kind: type[Any], rows: Iterable[Any]) -> None:
    """Write instances of a dataclass as CSV, a row each under its fields' names, whole or not at all."""
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(kind))
        writer.writerows(astuple(row) for row in rows)


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2) + "\n")


@contextmanager
def _refusals_in_one_line(path: Path, *temporaries: Path) -> Iterator[None]:
    """Turn what the disk or the folder says against writing these into a UserError about `path`."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        # torch.save puts an error of its own before the disk's.
        for cause in (error, error.__context__):
            if isinstance(cause, OSError) and _is_refusal(cause, (path, *temporaries)):
                raise cannot_write(path, cause) from error
        raise


def _is_refusal(error: OSError, written: tuple[Path, ...]) -> bool:
    """Tell an error of writing these, what is in them or the folders above them from one of other files."""
    if error.filename is None:
        return error.errno in REFUSALS
    named = Path(str(error.filename))
    return any(named.is_relative_to(path) or path.is_relative_to(named) for path in written)


def _remove_leftovers(path: Path) -> None:
    """Remove the temporary files of `path` whose processes are no more."""
    name = re.compile(rf"\.{re.escape(path.stem)}\.([1-9][0-9]{{0,8}})\.part{re.escape(path.suffix)}")
    # A leftover in a folder that cannot be listed or changed is not worth a message of its own.
    with suppress(OSError):
        for other in path.parent.iterdir():
            if (found := name.fullmatch(other.name)) and not _is_running(int(found[1])):
                other.unlink()


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _replace_folder(path: Path, new: Path, older: Path) -> None:
    """Move the folder `new` to `path`, and what stood there to `older` and back should that fail."""
    # A folder that is not empty cannot be renamed over, so the older one steps aside first.
    if path.exists():
        _remove(older)
        path.rename(older)
    try:
        new.rename(path)
    except OSError:
        if older.exists():
            older.rename(path)
        raise
    shutil.rmtree(older, ignore_errors=True)
