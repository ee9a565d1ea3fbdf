"""Snakemake's dry runs from a process that has Snakemake loaded already: half of a short plan's time is that.

What runs is Snakemake's own command all the same, in a process of its own in the project's folder.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

_CONTEXT = multiprocessing.get_context("forkserver")
# Nothing of the project: the copy that is planned has its own.
_CONTEXT.set_forkserver_preload(
    [
        "snakemake.cli",
        "snakemake.workflow",
        "snakemake.dag",
        "snakemake.scheduling.job_scheduler",
        "jsonschema",
    ]
)


def run(folder: Path, words: Sequence[str]) -> tuple[int, str]:
    """Run `snakemake` with these words in a folder; return its status and all that it printed."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        name = f"/proc/{os.getpid()}/fd/{file.fileno()}"
        process = _CONTEXT.Process(target=_main, args=(str(folder), list(words), name, dict(os.environ)))
        process.start()
        process.join()
        file.seek(0)
        assert process.exitcode is not None
        return process.exitcode, file.read()


def _main(folder: str, words: list[str], output: str, environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ |= environment
    with Path(output).open("a") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    sys.stdout, sys.stderr = _stream(1), _stream(2)
    os.chdir(folder)
    # As Python itself begins with, for a command.
    sys.path[:] = [path for path in sys.path if "site-packages" in path or path.startswith(sys.base_prefix)]
    sys.argv = ["snakemake", *words]
    from snakemake.cli import main

    main()


def _stream(descriptor: int) -> IO[str]:
    return open(descriptor, "w", encoding="utf-8", buffering=1, closefd=False)
