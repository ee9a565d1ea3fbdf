"""How a study is made again: the command, and all of its configuration."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from ablation.study.study import Study

# The project's, as in pyproject.toml and CITATION.cff.
VERSION = "0.1.0"
# Words that ask for something of a finished study, and are no part of it.
AFTERWARDS = ("photos", "model", "wanted_accuracy", "template", "trackers")


def described(study: Study, words: Sequence[str] | None, files: Iterable[str], figures: Iterable[str]) -> str:
    """Return a study as report.py reads it, JSON in one line.

    `words` are those behind `--config` as they were typed, None for the module of another workflow; `files`
    are the configurations that Snakemake read, `figures` the paths of those that compare runs.
    """
    config = {name: value for name, value in study.config.items() if name not in AFTERWARDS}
    told = {
        "study": study.name,
        "data_set": study.dataset.name,
        "command": "" if words is None else command(words, files),
        # Sorted: the order of keys is that of how the study was named, and says nothing.
        "config": yaml.safe_dump(config, allow_unicode=True),
        # A chart has two files.
        "figures": list(dict.fromkeys(Path(name).stem for name in figures)),
        "version": VERSION,
    }
    # Snakemake reads {x} as a wildcard, also inside a text; JSON can write its brace another way.
    return "{" + json.dumps(told)[1:].replace("{", "\\u007b")


def command(words: Sequence[str], files: Iterable[str]) -> str:
    """Return the command that makes a study, without what says how to run it.

    It is the same however the study was named, `study=quick`, `study=studies/quick.yaml` or `--configfile
    studies/quick.yaml`: the page, which has it, would be stale otherwise.
    """
    # The project's own configuration is read without a word.
    read = [Path(name) for name in files if Path(name).name != "config.yaml"]
    named = [path.stem for path in read if path.parent.name == "studies"]
    asked = [f"study={named[0]}"] if len(named) == 1 else []
    # Relative, so that moving the project changes nothing.
    given = [
        os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
        for path in read
        if not (asked and path.parent.name == "studies")
    ]
    told = {*named, *(os.path.realpath(path) for path in read)}
    for word in words:
        key, _, value = word.partition("=")
        of_file = key == "study" and told & {value, os.path.realpath(Path(value).expanduser())}
        if key not in AFTERWARDS and not of_file:
            asked.append(word)
    made = ["snakemake", "--cores", "all"]
    made += ["--configfile", *given] if given else []
    made += ["--config", *asked] if asked else []
    return shlex.join(made)
