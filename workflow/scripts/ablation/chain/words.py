"""The words behind `snakemake` at which it would end before it reads the Snakefile, each told in one line.

`--configfile` and `--config` take all words behind them up to the next option, a target too, and what
Snakemake says then is a traceback or names no remedy. The profiles call this, which are read before. It needs
the standard library and PyYAML only.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from ablation.running.errors import UserError
from ablation.study import config_file, inputs

CONFIGURATIONS = (".yaml", ".yml", ".json")
# As Snakemake has it, of what stands before the equals sign.
KEY = re.compile(r"[a-zA-Z_][\w-]*\w")
SCHEMA = "workflow/schemas/config.schema.yaml"
# What is asked for by name.
RULES = ("all", "check", "list")
DOTTED = re.compile(r"\w+(\.\w+)+")


def check(argv: Sequence[str], project: Path) -> None:
    """Raise UserError for a word behind --configfile or --config that Snakemake could not read.

    `argv` is the whole command, `project` the folder of the Snakefile. And note the folder of the command for
    the Snakefile (`inputs.COMMAND`): with --directory Snakemake leaves it before it reads that.
    """
    os.environ[inputs.COMMAND] = str(Path.cwd())
    words = list(argv[1:])
    words = words[: words.index("--")] if "--" in words else words
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--configfile", "--configfiles", nargs="*", action="append", default=[])
    parser.add_argument("--config", "-C", nargs="*", action="append", default=[])
    given, others = parser.parse_known_args(words)
    refuse_key_among_targets(others, project)
    for option in ("configfile", "config"):
        if (times := len(getattr(given, option))) > 1:
            raise UserError(
                f"--{option} is given {times} times, and Snakemake takes the last alone: write it once, with "
                "all that belongs to it behind it"
            )
    for name in given.configfile[0] if given.configfile else []:
        check_file(name, ["snakemake", *words], project)
    entries = given.config[0] if given.config else []
    refuse_spaces(entries)
    for number, entry in enumerate(entries):
        if "=" not in entry:
            refuse_split(entries, number)
        check_entry(entry, ["snakemake", *words], project)


def check_file(name: str, command: Sequence[str], project: Path) -> None:
    """Raise UserError unless there is a configuration of that name."""
    path = Path(name)
    holds = path.is_file() and config_file.read(path)[0] is not None
    if path.suffix.lower() not in CONFIGURATIONS and not holds:
        raise UserError(
            f"{name} is no configuration file (.yaml or .json), but --configfile takes all words behind it "
            f"for such: if it is what to make, write -- before it: {apart(command, name)}"
        )
    if not path.exists():
        other = Path(project, name)
        near = f", but there is {other}: write that" if other.exists() else ": write the path of one that is"
        raise UserError(f"--configfile {name}: there is no such file in {Path.cwd()}{near}")
    found, why = config_file.read(path)
    if found is None:
        raise UserError(
            f"--configfile {name} {why}: write keys as config.yaml has them, such as dataset: demo, or leave "
            "the file out"
        )


def refuse_key_among_targets(words: Sequence[str], project: Path) -> None:
    """Raise UserError if a word that no --config stands before is a key of the configuration with a value."""
    entries = [word for word in words if KEY.fullmatch(word.partition("=")[0]) and "=" in word]
    if not entries:
        return
    keys = keys_of(project)
    if meant := [word for word in entries if word.partition("=")[0] in keys]:
        raise UserError(
            f"{meant[0]} is nothing to make: if it is of the configuration, write --config before it, as in "
            f"--config {shlex.join(meant)}"
        )


def keys_of(project: Path) -> dict[str, Any]:
    """Return what the schema says of the keys of a configuration; of a Snakefile elsewhere, nothing."""
    path = project / SCHEMA
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {"properties": {}}
    keys: dict[str, Any] = found["properties"]
    return keys


def refuse_spaces(entries: Sequence[str]) -> None:
    """Raise UserError if a key and its value are apart, or a key is there twice, of which the last counts."""
    for before, entry in itertools.pairwise(entries):
        if entry.startswith("=") or (before.endswith("=") and "=" not in entry):
            raise UserError(f"--config {before} {entry}: write KEY=VALUE without spaces, such as study=quick")
    keys = [entry.partition("=")[0] for entry in entries if "=" in entry]
    if twice := [key for key in dict.fromkeys(keys) if keys.count(key) > 1]:
        more = ", with commas between the names" if twice[0] == "only" else ""
        raise UserError(f"--config has {twice[0]}= {keys.count(twice[0])} times: write it once{more}")


def refuse_split(entries: Sequence[str], number: int) -> None:
    """Raise UserError if the words from `number` on belong to the value before them, which has no quotes."""
    before = entries[number - 1] if number else ""
    whole = " ".join([before, *itertools.takewhile(lambda word: "=" not in word, entries[number:])])
    value = whole.partition("=")[2]
    listed = value[:1] + value[-1:] in ("[]", "{}")
    if listed or (before and os.path.exists(os.path.expanduser(value))):  # noqa: PTH110, PTH111
        raise UserError(
            f"--config {whole} is several words to the shell: put quotes around it, --config "
            f"{shlex.quote(whole)}"
        )


def check_entry(entry: str, command: Sequence[str], project: Path) -> None:
    """Raise UserError unless a word behind --config is KEY=VALUE with a key that Snakemake takes."""
    key, equals, value = entry.partition("=")
    if not equals:
        key = f"; if it is a key, write {entry}=VALUE" if KEY.fullmatch(entry) and entry not in RULES else ""
        raise UserError(
            f"{entry} is no KEY=VALUE, but --config takes all words behind it for such: if it is what to "
            f"make, write -- before it: {apart(command, entry)}{key}"
        )
    if DOTTED.fullmatch(key):
        first, *others = key.split(".")
        refuse_unknown(first, others, value, project)
        raise UserError(
            f"--config {entry}: Snakemake takes no dots in a key: write --config "
            f"{first}={shlex.quote(nested(others, value))}"
            + (" (experiments with one of their own keep it)" if first == "recipe" else "")
        )
    if not KEY.fullmatch(key):
        raise UserError(
            f"--config {entry}: {key or 'nothing'} is no key: write KEY=VALUE, such as dataset=demo"
        )


def refuse_unknown(first: str, others: Sequence[str], value: str, project: Path) -> None:
    """Raise UserError for a key with dots that there is not, so that what is advised next is one."""
    keys = keys_of(project)
    if first == "experiments" and "recipe" in keys:
        told = "experiments is a list: "
        if others[0] in keys["recipe"]["properties"]:
            every = f"recipe={shlex.quote(nested(others, value))}"
            told += f"write --config {every} for all that have no {others[0]} of their own, or "
        raise UserError(f"--config {first}.{'.'.join(others)}: {told}change the entries in a study's file")
    known = keys.get(first, {}).get("properties")
    if first in keys and known is not None and others[0] not in known:
        near = difflib.get_close_matches(others[0], known, 1)
        hint = f"did you mean {first}.{near[0]}? " if near else ""
        every = ", ".join(known)
        raise UserError(f"--config {first}.{others[0]}: there is no such key; {hint}one of: {every}")


def nested(keys: Sequence[str], value: str) -> str:
    """Return a value in the mappings of these keys, as YAML: {epochs: 1}."""
    return f"{{{keys[0]}: {nested(keys[1:], value)}}}" if keys else value


def apart(command: Sequence[str], target: str) -> str:
    """Return a command with a word that is a target last, behind two dashes."""
    at = len(command) - 1 - list(reversed(command)).index(target)
    return f"{shlex.join([*command[:at], *command[at + 1 :]])} -- {shlex.quote(target)}"
