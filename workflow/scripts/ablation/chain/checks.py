"""What a person is told who asked for a look at the data set: what was found, and what to do next."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablation.chain import paths
from ablation.photos import overview
from ablation.study import overlays
from ablation.study.study import Study

# The study that answers first, for photos of one's own.
QUICK = "study=quick"
# How `make check` has Snakemake say nothing of its own.
QUIET = ["--quiet", "all"]
# The rules that say something and make nothing that trains.
SAYING = {"check", "list"}


def targets(workflow: Any) -> set[str]:
    """Return the rules that were asked for, or whose files were."""
    return {job.rule.name for job in workflow.dag.targetjobs}


def asks_only(workflow: Any) -> bool:
    """Tell whether something is to be said and nothing to be made."""
    asked = targets(workflow)
    return bool(asked) and asked <= SAYING


def tell(study: Study) -> None:
    """Print what was found in the study's data set, and the command that trains on it."""
    print(Path(paths.CHECK.format(dataset=study.dataset.name)).read_text(encoding="utf-8"), end="")
    quick = study.dataset.path is not None and study.name == overlays.DEFAULT
    words = with_entry(sys.argv, QUICK) if quick else sys.argv
    print(f"{'Next':<{overview.INDENT}}{instead(words, 'check')}")


def with_entry(argv: Sequence[str], entry: str) -> list[str]:
    """Return the words of a command with a KEY=VALUE behind --config, in place of another of that key."""
    key = f"{entry.partition('=')[0]}="
    words = [word for word in argv if not word.startswith(key)]
    at = next((at for at, word in enumerate(words) if word in ("--config", "-C")), None)
    return [*words, "--config", entry] if at is None else [*words[: at + 1], entry, *words[at + 1 :]]


def instead(argv: Sequence[str], rule: str) -> str:
    """Return the command whose words are `argv`, without the rule that it asked for."""
    program, *words = argv
    # As it was typed; what was found by PATH has the whole path here.
    command = ["snakemake" if Path(program).is_absolute() else program]
    if rule in words:
        words.remove(rule)
    if words[: len(QUIET)] == QUIET:
        del words[: len(QUIET)]
    # What stood before the target alone.
    if words[-1:] == ["--"]:
        words.pop()
    return shlex.join([*command, *words])
