"""What was typed behind `--config`, where Snakemake makes something else of it.

It reads a value as YAML, and of `dataset="album #2"` makes album, of 2024 a number, of "a: b" a mapping; in a
file likewise. And within lists and mappings it leaves numbers as text.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from ablation.running.errors import UserError
from ablation.study.inputs import settled
from ablation.study.wording import shown

# Whose values are paths, or names beside paths.
KEYS = ("dataset=", "photos=", "template=", "plugins=")
# The word behind `photos` that is no path (chain/predictions.py).
TEST = "test"
# How what was typed reaches a job that Snakemake starts: as JSON in hexadecimal digits, which no shell
# changes on its way. No key of a configuration.
CARRIER = "typed"
# Values that are lists or mappings, and not of texts alone as `labels`, which Snakemake reads as meant.
NESTED = re.compile(r"(?!labels=)[\w-]+=\s*[\[{].*[\]}]\s*", re.S)
# As YAML has them; Snakemake takes True and False alone.
BOOLEANS = {"true": True, "false": False}
# Names or patterns, with commas between them.
ONLY = "only="
LISTS = (ONLY, "trackers=")
# So many seeds are as many runs of each experiment.
SEEDS = re.compile(r"seeds=([0-9]{1,4})")
# A value in a file, with what YAML takes for a comment.
COMMENTED = re.compile(
    r"^\s*(?:- )?(dataset|photos|template|plugins|path|published):"
    r"\s+(?P<whole>(?P<read>[^\s'\"#].*?)\s+#.*?)\s*$"
)


def resolve(config: dict[str, Any], words: Sequence[str] | None, *, in_job: bool) -> list[str]:
    """Put into a configuration what the words behind `--config` say; return the words for jobs.

    And relative paths as they are found (`inputs.settled`). A job, of which `in_job` tells, gets all that as
    one word; Snakemake hands on words through one shell or two.
    """
    words = list(words or ())
    if in_job:
        config.pop(CARRIER, None)
        for word in words:
            if word.startswith(f"{CARRIER}="):
                merge(config, json.loads(bytes.fromhex(word.removeprefix(f"{CARRIER}="))))
        return words
    said: dict[str, Any] = {}
    for word in words:
        merge(said, read(word, config))
    merge(config, said)
    places = found(config)
    merge(config, places)
    merge(said, places)
    others = [word for word in words if not (word.startswith(KEYS) or NESTED.fullmatch(word))]
    return [*others, f"{CARRIER}={json.dumps(said).encode().hex()}"] if said else words


def read(word: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return what a word says that Snakemake reads otherwise, as a configuration."""
    key, _, value = word.partition("=")
    if word.startswith(KEYS):
        return {key: as_typed(key, value, config)} if value else {}
    if seeds := SEEDS.fullmatch(word):
        if not int(seeds[1]):
            raise UserError("config: seeds is 0; write seeds=1 for the seed 0, or seeds=[7] for the seed 7")
        count = list(range(int(seeds[1])))
        print(f"seeds={len(count)}: the seeds {', '.join(map(str, count))}", file=sys.stderr)
        return {key: count}
    if word.startswith("seeds=") and not NESTED.fullmatch(word):
        raise UserError(
            f"config: seeds is {shown(value)}; write seeds=3 for the three seeds 0, 1 and 2, or 'seeds=[7, "
            "8]' for those"
        )
    if value in BOOLEANS:
        return {key: BOOLEANS[value]}
    if word.startswith(LISTS) and not NESTED.fullmatch(word):
        return {key: [one.strip() for one in value.split(",")]}
    if NESTED.fullmatch(word):
        try:
            return {key: yaml.safe_load(value)}
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            why = getattr(error, "problem", None) or "odd characters"
            raise UserError(f"config: {word} is no YAML ({why}): write the value as in a file") from error
    return {}


def as_typed(key: str, value: str, config: dict[str, Any]) -> str:
    """Return the data set or the path that was typed.

    Quotes around a path are taken off, as YAML would, unless something is called so with them.
    """
    names = config.get("datasets") if key == "dataset" else None
    if there(value) or (isinstance(names, dict) and value in names):
        return value
    return value.strip("'\"")


def found(config: dict[str, Any]) -> dict[str, Any]:
    """Return the paths of a configuration, not checked yet, that are found from another folder."""
    places: dict[str, Any] = {}
    names, name = config.get("datasets"), config.get("dataset")
    is_path = isinstance(name, str) and not (isinstance(names, dict) and name in names)
    if is_path and (place := settled(str(name), "dataset")) != name:
        places["dataset"] = place
    for key in ("photos", "template", "plugins"):
        path = config.get(key)
        if isinstance(path, str) and path != TEST and (place := settled(path, key)) != path:
            places[key] = place
    for section in ("datasets", "weight_sources"):
        entries = config.get(section)
        for key, entry in entries.items() if isinstance(entries, dict) else ():
            path = entry.get("path") if isinstance(entry, dict) else None
            if isinstance(path, str) and (place := settled(path, f"{section}.{key}.path")) != path:
                places.setdefault(section, {})[key] = {"path": place}
    return places


def merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    """Lay a configuration over another, as Snakemake does: mappings are merged, all else is replaced."""
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


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
