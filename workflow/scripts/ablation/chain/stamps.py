"""What tells the user's own files from others put in their place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

# Snakemake compares files up to this size by content (its option --max-checksum-file-size).
COMPARED_BYTES = 1_000_000


def stamp(paths: Iterable[str | Path]) -> str:
    """Return a parameter that changes when other files are put in the place of these.

    Snakemake asks only whether an input is newer, which a copied, moved or unpacked file often is not.
    The size tells; the time as well where Snakemake does not compare the content of a newer file.
    """
    found = [(str(path), os.stat(path)) for path in paths if os.path.isfile(path)]  # noqa: PTH113, PTH116
    told = [
        (path, its.st_size, int(its.st_mtime) if its.st_size > COMPARED_BYTES else 0) for path, its in found
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()
