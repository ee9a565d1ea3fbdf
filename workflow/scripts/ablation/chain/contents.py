"""What the user's own files hold, as hashes: each is read once, and again only when its times or size change.

Rules get them as a parameter. Of inputs, Snakemake would print the names of all, read its own signs in them,
and take a large one that was merely copied for another.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePosixPath

from ablation.photos import tables
from ablation.running.errors import UserError
from ablation.running.files import sha256
from ablation.study.inputs import look

# In the working directory: for each folder or file of the user's, the hashes of what it holds.
KEPT = Path(".snakemake/contents")
# In ns: so coarsely disks tell the time, at worst. A file that changed as shortly before it was read could
# change again and show the same times: it is read again.
COARSE = 2 * 10**9
# So many bytes take long enough to read that a person should know what is waited for.
TOLD = 10**9

# Size in bytes, and in ns since 1970 when the content was changed and when anything of the file was.
Sight = tuple[int, int, int]


@cache
def stamp(path: Path) -> str:
    """Return what tells a file of the user's, or the photos and tables of a folder, from others in its place.

    Names and contents count, times do not. Raises UserError where something cannot be read.
    """
    counted = sorted((name, found) for name, found in hashes(path).items() if found)
    return hashlib.sha256(json.dumps(counted).encode()).hexdigest()


def hashes(path: Path) -> dict[str, str]:
    """Return the SHA-256 of each photo and table in a folder by its path there, or of a file, called "".

    That of a text that is no table, such as a readme.txt, is empty.
    """
    names = {"": str(path)}
    if path.is_dir():
        found = look(path)
        names = {str(file): f"{path}/{file}" for file in (*found.photos, *found.tables)}
    kept, started = Kept(path), time.time_ns()
    before = kept.read()
    try:
        sights = {name: sight(file) for name, file in names.items()}
        new = [name for name, seen in sights.items() if before.get(name, (None,))[0] != seen]
        tell(path, [sights[name][0] for name in new])
        # hashlib lets go of the interpreter's lock while it works, so threads are enough.
        with ThreadPoolExecutor() as pool:
            read = dict(zip(new, pool.map(lambda name: digest(path, name), new), strict=True))
    except OSError as error:
        raise UserError(
            f"{error.filename} cannot be read ({error.strerror}): mend its permissions or restore it"
        ) from error
    known = {name: (seen, read[name] if name in read else before[name][1]) for name, seen in sights.items()}
    if new or len(before) != len(known):
        kept.write({name: one for name, one in known.items() if max(one[0][1:]) < started - COARSE})
    return {name: found for name, (_, found) in known.items()}


def digest(path: Path, name: str) -> str:
    """Return the SHA-256 of a file in a folder, or of `path` itself; empty for a text that is no table."""
    if name.lower().endswith(".txt"):
        with suppress(UserError):
            if tables.read(path, PurePosixPath(name)) is None:
                return ""
    return sha256(path / name)


def sight(file: str) -> Sight:
    """Return what tells, without reading it, that a file is as it was."""
    its = os.stat(file)  # noqa: PTH116 (a Path of each would take longer than to ask the disk)
    return its.st_size, its.st_mtime_ns, its.st_ctime_ns


def tell(path: Path, sizes: list[int]) -> None:
    """Say what is read, if that takes long."""
    if sum(sizes) >= TOLD:
        files = f"{len(sizes):,} files" if len(sizes) > 1 else "one file"
        told = f"Reading {path} ({files}, {sum(sizes) / 1e9:.1f} GB)"
        print(f"{told}, to notice from now on what changes there", file=sys.stderr, flush=True)


class Kept:
    """What a process before this one found out about a folder or file."""

    def __init__(self, path: Path) -> None:
        self.file = KEPT / hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:16]

    def read(self) -> dict[str, tuple[Sight, str]]:
        """Return by name how each file was seen and its hash; nothing where that is not there, or damaged."""
        try:
            rows = json.loads(self.file.read_text(encoding="utf-8"))
            return {name: ((size, changed, any_), digest) for name, size, changed, any_, digest in rows}
        except (OSError, ValueError, TypeError):
            return {}

    def write(self, found: Mapping[str, tuple[Sight, str]]) -> None:
        """Keep it. Without Snakemake's folder, or where it takes no file, reading costs time again."""
        if KEPT.parent.is_dir():
            with suppress(OSError):
                KEPT.mkdir(exist_ok=True)
                part = KEPT / f".{self.file.name}.{os.getpid()}"
                rows = [[name, *seen, digest] for name, (seen, digest) in found.items()]
                part.write_text(json.dumps(rows), encoding="utf-8")
                part.replace(self.file)
