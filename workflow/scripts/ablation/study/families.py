"""Families of experiments: those that differ in one thing alone, and what each of them is compared with.

Like is compared with like: two experiments are of one family only if all else that can change their results
is the same. Of the number of threads and processes, which change how sums are rounded, it need not be.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from ablation.networks.edits import ORIGINAL
from ablation.spec import Spec
from ablation.study.experiments import Experiment

# What may differ always. Augmentations are told apart by name, for their values follow starting weights.
_ASIDE = {"seed", "fold", "threads", "gpus", "augmentation"}
_FIELDS = [field.name for field in fields(Spec) if field.name not in _ASIDE]
NAMED = "named"
OTHER = "experiment"


@dataclass(frozen=True)
class Family:
    """Experiments, in the study's order, that differ in what `varies`.

    `references` says with which of the study's each is compared, by name: the one that it builds on. One
    that builds on none is not in it. None: with the best of them, which the results tell.
    """

    varies: str
    experiments: list[str]
    references: dict[str, str] | None


def of(experiments: Iterable[Experiment], reference: str | None = None) -> list[Family]:
    """Return the families of a study, and those left over as one that differs in more than one thing.

    Of a ladder of augmentations each rung builds on the one below, of architectures each edit on the
    unmodified network. With a `reference` all are compared with that one experiment.
    """
    every = list(experiments)
    found = [
        Family(varies, [one.name for one in group], references(group) or None)
        for varies, references in LIKE.items()
        for group in groups(every, varies)
    ]
    if reference is not None:
        # For figures, those that are alike; none of them is compared within.
        names = [one.name for one in every]
        named = {name: reference for name in names if name != reference}
        return [*(replace(one, references={}) for one in found), Family(NAMED, names, named)]
    placed = {name for family in found for name in family.experiments}
    left = [one.name for one in every if one.name not in placed]
    # The best of the study is what these are compared with.
    return [*found, Family(OTHER, [one.name for one in every], None)] if left else found


def varied(experiments: Iterable[Experiment]) -> list[str]:
    """Return in what a study's experiments differ alone, whatever they are compared with."""
    every = list(experiments)
    return [varies for varies in LIKE if groups(every, varies)]


def groups(experiments: Iterable[Experiment], varies: str) -> list[list[Experiment]]:
    """Return the groups of two experiments or more that differ in one thing alone, in the study's order."""
    found: dict[Any, dict[Any, Experiment]] = {}
    for one in experiments:
        key, value = _key(one, varies)
        # Of equal ones, which have two names, the first.
        found.setdefault(key, {}).setdefault(value, one)
    return [list(group.values()) for group in found.values() if len(group) > 1]


def _key(one: Experiment, varies: str) -> tuple[Any, Any]:
    """Return what experiments of a family have in common, and what differs."""
    values = {name: getattr(one.spec, name) for name in _FIELDS} | {"augmentation": one.augmentation}
    value = values.pop(varies)
    if varies == "backbone":
        # The report's head is not defined for most networks, which have a linear one.
        del values["head"]
    return tuple(values.values()), value


def rungs_below(group: Sequence[Experiment]) -> dict[str, str]:
    """Return the longest of the others' augmentations that each one's steps hold in order, if one does."""
    steps = {one.name: [json.dumps(step) for step in one.spec.augmentation] for one in group}
    found = {}
    for name, own in steps.items():
        below = [other for other, its in steps.items() if len(its) < len(own) and _within(its, own)]
        if below:
            found[name] = max(below, key=lambda other: len(steps[other]))
    return found


def _within(few: Sequence[str], many: Sequence[str]) -> bool:
    """Tell whether all of the few stand among the many, in their order."""
    rest = iter(many)
    return all(one in rest for one in few)


def unmodified(group: Sequence[Experiment]) -> dict[str, str]:
    """Return for each edited network the unmodified one, if it is there."""
    plain = next((one.name for one in group if one.spec.architecture == ORIGINAL), None)
    return {one.name: plain for one in group if plain is not None and one.name != plain}


def to_json(families: Iterable[Family]) -> str:
    """Return families as one line of JSON, for results/comparing.py: lists, without a brace.

    Snakemake reads {x} as a wildcard, also inside a text; JSON can write its brace another way.
    """
    rows = [
        [one.varies, one.experiments, None if one.references is None else list(one.references.items())]
        for one in families
    ]
    return json.dumps(rows, separators=(",", ":")).replace("{", "\\u007b")


# What experiments of a family differ in, and what each of a group builds on; {}: the best of them.
LIKE: dict[str, Callable[[Sequence[Experiment]], dict[str, str]]] = {
    "augmentation": rungs_below,
    "architecture": unmodified,
    "backbone": lambda _group: {},
}
