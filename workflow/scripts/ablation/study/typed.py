"""The data set's path as it was typed: YAML, as which Snakemake reads it, makes another of some paths.

Of `--config dataset="album #2"` it makes album, of 2024 a number, of "a: b" a mapping; in a file likewise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ablation.running.errors import UserError
from ablation.study.wording import shown

KEY = "dataset="
# Before a path in hexadecimal digits, which no shell changes on its way to a job that Snakemake starts.
ENCODED = "hex:"
# A value in a file, with what YAML takes for a comment.
COMMENTED = re.compile(r"^\s*(?:- )?(dataset|path|published):\s+(?P<whole>(?P<read>[^\s'\"#].*?)\s+#.*?)\s*$")


def resolve(config: dict[str, Any], words: Sequence[str] | None, *, in_job: bool) -> list[str]:
    """Put the data set into a configuration as the words behind `--config` say it; return them for jobs.

    In the words for jobs, which Snakemake hands on through one shell or two, it is encoded; `in_job` tells
    that they come from there. Quotes around a path are taken off, as YAML would, unless something is called
    so with them.
    """
    words = list(words or ())
    given = [word.removeprefix(KEY) for word in words if word.startswith(KEY)]
    if not given or not given[-1]:
        return words
    value = given[-1]
    if in_job:
        value = os.fsdecode(bytes.fromhex(value.removeprefix(ENCODED)))
    elif not there(value):
        plain = value.strip("'\"")
        names = config.get("datasets")
        value = value if isinstance(names, dict) and value in names else plain
    config["dataset"] = value
    others = [word for word in words if not word.startswith(KEY)]
    return [*others, f"{KEY}{ENCODED}{os.fsencode(value).hex()}"]


def refuse_comments(paths: Iterable[Path]) -> None:
    """Raise UserError if a configuration file cuts off a path at " #", and what was cut is there."""
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            continue  # Snakemake has more to say about it
        for number, line in enumerate(lines, start=1):
            if (found := COMMENTED.match(line)) and there(found["whole"]):
                read, whole = shown(found["read"]), shown(found["whole"])
                raise UserError(
                    f"config: {path}, line {number}, gives {read}, as YAML takes the rest for a comment, but "
                    f"there is {whole}: write the one that is meant in quotes"
                )


def there(path: str) -> bool:
    """Tell whether there is such a file or folder."""
    return os.path.exists(os.path.expanduser(path))  # noqa: PTH110, PTH111 (False for what can be no path)
