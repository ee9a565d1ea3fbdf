"""comparisons.csv: each experiment against the one that it builds on, or the best of those it is like."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace

import pandas as pd

from ablation.results.outcomes import Bools, Outcomes
from ablation.results.statistics import paired


@dataclass(frozen=True)
class Comparison:
    """A row of comparisons.csv: an experiment less its reference, on the same photos."""

    varies: str
    """In what the two differ: `augmentation`, `architecture`, `backbone`; `experiment`, in more than one
    thing; `named`, whatever it is: the configuration names the reference."""
    experiment: str
    """The experiment."""
    reference: str
    """What it is compared with: the rung below, the unmodified network, or the best of the family."""
    judged_on: str
    """As in summary.csv."""
    photos: int
    """How many photos."""
    runs: int
    """How many runs of each: those of the seeds that both have."""
    difference: float
    """Its accuracy less that of the reference, -1 to 1."""
    low: float
    """The lower end of the 95% interval. Of one run each it is Newcombe's, about these networks; of several
    Student's, about the recipes, with photos and runs as crossed samples."""
    high: float
    """The upper end."""
    p: float
    """The two-sided p of no difference: McNemar's exact test of one run; of several Student's, under folds
    corrected for training sets that overlap (docs/statistics.md)."""
    p_holm: float
    """Corrected for all comparisons of the same `varies` (Holm 1979)."""
    wins: int
    """Photos of which more of its runs are right than of the reference's."""
    losses: int
    """Photos of which fewer are."""
    photos_needed: float | None
    """So many photos would tell a difference of this size in four of five times, of one run each; empty where
    there is none."""


def compared(outcomes: Outcomes, judged_on: str, families: str) -> list[Comparison]:
    """Return the comparisons of a study's families (study/families.py), family by family.

    Experiments without runs take no part. Of equally accurate ones the first is the best.
    """
    names = set(outcomes.names())
    rows: list[Comparison] = []
    for varies, experiments, references in json.loads(families):
        there = [name for name in experiments if name in names]
        pairs = [(name, other) for name, other in references or () if {name, other} <= names]
        if references is None and len(there) > 1:
            best = max(there, key=lambda name: outcomes.right(name).mean())
            pairs = [(name, best) for name in there if name != best]
        rows += [of(outcomes, judged_on, varies, *pair) for pair in pairs]
    return corrected(rows)


def of(outcomes: Outcomes, judged_on: str, varies: str, experiment: str, reference: str) -> Comparison:
    """Compare two experiments, p not yet corrected."""
    first, second = same_seeds(outcomes, experiment, reference)
    found = asdict(paired.compare(first, second, outcomes.folds))
    del found["freedom"]
    return Comparison(
        varies, experiment, reference, judged_on, *first.shape, **found | {"p_holm": found["p"]}
    )


def same_seeds(outcomes: Outcomes, experiment: str, reference: str) -> tuple[Bools, Bools]:
    """Return which photos the runs of both are right of, of the seeds that both have, in one order.

    Where they have none in common, of as many as both have: runs need not be paired.
    """
    rights = [outcomes.right(name) for name in (experiment, reference)]
    first, second = (runs_of(outcomes, name) for name in (experiment, reference))
    if first == second:
        return rights[0], rights[1]
    common = [run for run in first if run in second]
    if common:
        rights = [
            right[:, [own.index(run) for run in common]]
            for right, own in zip(rights, (first, second), strict=True)
        ]
    runs = min(right.shape[1] for right in rights)
    return rights[0][:, :runs], rights[1][:, :runs]


def runs_of(outcomes: Outcomes, experiment: str) -> list[tuple[int, int]]:
    """Return the runs of an experiment: of each its seed, and which of those of this seed it is."""
    seeds = [
        seed for name, seed in zip(outcomes.experiments, outcomes.seeds, strict=True) if name == experiment
    ]
    return [(seed, seeds[:place].count(seed)) for place, seed in enumerate(seeds)]


def corrected(rows: Iterable[Comparison]) -> list[Comparison]:
    """Return comparisons with each p corrected for the others that vary in the same."""
    rows = list(rows)
    by_family: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        by_family.setdefault(row.varies, []).append(place)
    for places in by_family.values():
        for place, p in zip(places, paired.holm([rows[place].p for place in places]), strict=True):
            rows[place] = replace(rows[place], p_holm=p)
    return rows


def table(rows: Iterable[Comparison]) -> pd.DataFrame:
    """Return comparisons as a table."""
    found = pd.DataFrame([asdict(row) for row in rows], columns=[field.name for field in fields(Comparison)])
    return found.astype({"photos_needed": "Int64"})
