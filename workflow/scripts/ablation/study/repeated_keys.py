"""Refusing a configuration file that gives a key twice: YAML keeps the last in silence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from ablation.running.errors import UserError
from ablation.study.wording import shown


def refuse(paths: Iterable[Path]) -> None:
    """Raise UserError if a mapping in one of these files has a key twice.

    A file that cannot be read is left to Snakemake, which has more to say about it.
    """
    for path in paths:
        try:
            # JSON, which Snakemake reads as well, is YAML but for its tabs.
            waiting = [yaml.compose(path.read_text(encoding="utf-8").replace("\t", " "))]
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            continue
        seen: set[int] = set()
        while waiting:
            node = waiting.pop()
            if id(node) in seen:  # by an alias, perhaps its own
                continue
            seen.add(id(node))
            if isinstance(node, yaml.SequenceNode):
                waiting += node.value
            if isinstance(node, yaml.MappingNode):
                waiting += [value for _, value in node.value]
                refuse_in_mapping(path, [key for key, _ in node.value])


def refuse_in_mapping(path: Path, keys: list[Any]) -> None:
    """Raise UserError if one of a mapping's YAML nodes of keys is there twice."""
    lines: dict[tuple[str, str], int] = {}
    for key in keys:
        name, line = (key.tag, str(key.value)), key.start_mark.line + 1
        if name in lines:
            where = f"line {line}" if line == lines[name] else f"lines {lines[name]} and {line}"
            raise UserError(f"config: {path}, {where}, gives {shown(key.value)} twice; delete one")
        lines[name] = line
