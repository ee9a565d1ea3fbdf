"""Names in config.yaml: those of things that there are, and those that files and Snakemake can have."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from ablation.networks import backbones
from ablation.running.errors import UserError
from ablation.study.wording import shown

# Files and their logs are called after names, and file names end at 255 bytes.
LONGEST_NAME = 200
# What Snakemake takes for a loop in a wildcard's value.
LOOP = re.compile(r"(.+)\1{19}$")


def known(name: str, names: Iterable[str], where: str, kind: str) -> None:
    """Raise UserError unless `name` is one of `names`, saying which are and which is nearest."""
    names = list(names)
    if name not in names:
        near = difflib.get_close_matches(str(name), names, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UserError(
            f"config: {where} is {shown(name)}, no known {kind}; {hint}one of: {', '.join(names)}"
        )


def known_backbone(name: str, where: str) -> str:
    """Return a backbone by the one name that it has; raise UserError if there is none."""
    # A key of a mapping may be anything that YAML reads, such as a number or nothing.
    name = str(name)
    plain = backbones.plain(name)
    if not backbones.exists(plain):
        raise UserError(f"config: {where} is {shown(name)}, {backbones.unknown(name)}")
    return plain


def require_name(name: str, what: str) -> None:
    """Raise UserError if files cannot be called after a name, or Snakemake would refuse it."""
    if len(name) > LONGEST_NAME:
        raise UserError(f"config: {what} has {len(name)} characters; at most {LONGEST_NAME}")
    if LOOP.search(name):
        raise UserError(f"config: {what} ends in the same letters 20 times, which Snakemake takes for a loop")
