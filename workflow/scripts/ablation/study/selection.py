"""The experiments of a study that are asked for: all, or those whose names match patterns."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TypeVar

from ablation.study.names import known

T = TypeVar("T")
# What stands for other letters in a pattern.
WILD = set("*?[")


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


def matches(name: str, pattern: str) -> bool:
    """Tell whether a name matches a pattern, or is it."""
    return name == pattern or fnmatchcase(name, pattern)
