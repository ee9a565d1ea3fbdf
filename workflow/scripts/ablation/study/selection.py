"""The experiments of a study that are asked for: all, or those whose names match patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TypeVar

from ablation.study.names import known

T = TypeVar("T")
# What stands for other letters in a pattern.
WILD = set("*?[")
_UNSAFE = re.compile(r"[^a-z0-9_.+-]")
_LONGEST = 60


def selected(experiments: dict[str, T], patterns: Sequence[str] | None) -> dict[str, T]:
    """Return the experiments whose names match a pattern as a shell's (*, ?, [..]), all without patterns.

    Raises UserError for a pattern that no name matches.
    """
    if patterns is None:
        return experiments
    for pattern in patterns:
        if not any(matches(name, pattern) for name in experiments):
            kind = "pattern of experiments" if WILD & set(pattern) else "experiment"
            known(pattern, experiments, "only", kind)
    return {name: one for name, one in experiments.items() if any(matches(name, each) for each in patterns)}


def part(patterns: Sequence[str]) -> str:
    """Return what stands behind a study's name where some experiments alone are asked for, for file names.

    Such as -part-alexnet-flip+vgg11; where a pattern has other letters than names, with a hash for those.
    """
    whole = "+".join(patterns)
    plain = _UNSAFE.sub("_", whole)[:_LONGEST]
    return f"-part-{plain}" if plain == whole else f"-part-{plain}-{sha256(whole.encode()).hexdigest()[:6]}"


def matches(name: str, pattern: str) -> bool:
    """Tell whether a name matches a pattern, or is it."""
    return name == pattern or fnmatchcase(name, pattern)
