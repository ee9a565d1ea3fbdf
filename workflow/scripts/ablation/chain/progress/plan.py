"""What a dry run says: which steps would run, and why, in a line for those that are alike."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ablation.chain.progress.steps import Names

# Of steps with the same reason so many are named.
NAMED = 4
FOLLOWS = "follows from other steps"
# Snakemake's words for why a job runs, and what they mean here. Of several the first in this order is told.
REASONS = {
    "forced": "asked for",
    "output files have to be generated": "not made yet",
    "incomplete output files": "interrupted",
    "code has changed since last execution": "its rule was changed",
    "software environment definition has changed since last execution": "its packages were changed",
    "set of input files has changed since last execution": "made from other files than before",
    "updated input files": "made from files that were changed",
    "input files updated by another job": FOLLOWS,
}
MODULE = re.compile(r"\('([^']+\.py)'")
PARAMETERS = "params have changed since last execution"


def lines(workflow: Any, names: Names) -> Iterator[str]:
    """Yield the plan: the jobs of each rule that run for one reason, and then what follows from these."""
    groups: dict[tuple[str, str], list[str]] = {}
    for job in in_order(workflow.dag):
        name = names.name(job.rule.name, job.wildcards) if job.wildcards else ""
        groups.setdefault((job.rule.name, reason(workflow.dag.reason(job))), []).append(name)
    total = sum(map(len, groups.values()))
    follow = [counted(rule, members) for (rule, why), members in groups.items() if why == FOLLOWS]
    for (rule, why), members in groups.items():
        if why != FOLLOWS:
            listed = ", ".join(members[:NAMED]) + ", ..." * (len(members) > NAMED)
            yield f"{counted(rule, members)}: {why}" + (f" ({listed})" if any(members) else "")
    if follow:
        yield f"and what follows from these: {', '.join(follow)}"
    yield f"{total} steps would run (a dry run: nothing was done). Every file of each: snakemake -n --verbose"


def counted(rule: str, members: Sequence[str]) -> str:
    """Return a rule, and how many jobs of it there are if it is more than one."""
    return rule if len(members) == 1 else f"{rule} {len(members)}"


def in_order(dag: Any) -> Iterator[Any]:
    """Yield the jobs that would run, each behind those that it waits for."""
    # A dry run takes them for finished when it is asked.
    for level in dag.toposorted(set(dag.needrun_jobs(exclude_finished=False))):
        jobs = sorted(level, key=lambda job: (job.rule.name, dag.jobid(job)))
        yield from (job for job in jobs if job.rule.name != "all")


def reason(found: Any) -> str:
    """Return why a job runs: of Snakemake's reasons the one from which the others follow."""
    names = list(found.get_names())
    if PARAMETERS in names and not {"forced", "output files have to be generated"} & set(names):
        return parameters(found.params_changed.only_old, found.params_changed.only_new)
    told = [REASONS[name] for name in REASONS if name in names]
    return told[0] if told else textwrap.shorten(str(found), 100)


def parameters(old: set[str], new: set[str]) -> str:
    """Return what changed among a job's parameters, which Snakemake keeps as Python writes them."""
    # A module is there with the hash of its code (`code.of`): ('ablation/training/rates.py', '5a154d9f1b57').
    modules = sorted({Path(found[1]).name for one in old | new if (found := MODULE.match(one))})
    if not modules:
        return "its configuration was changed"
    return f"its code was changed: {', '.join(modules[:NAMED])}{', ...' * (len(modules) > NAMED)}"
