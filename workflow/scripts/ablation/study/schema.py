"""Checking config.yaml against its schema, and filling in the schema's defaults."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ablation.running.errors import UserError
from ablation.study import excess
from ablation.study.dialect import Validator
from ablation.study.wording import sentence, shown

# The sections whose entries have the fields of their `source`.
BY_SOURCE = ("datasets", "weight_sources")


@cache
def read(path: Path) -> dict[str, Any]:
    """Return the schema file as a mapping."""
    # libyaml's, where PyYAML has it: Python's own takes 50 ms of each start of Snakemake.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    schema: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    return schema


def check(config: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return a copy of the configuration with the schema's defaults; raise UserError for a mistake."""
    schema = read(path)
    excess.refuse(config)
    config = copy.deepcopy(config)
    validate(config, schema, schema, [])
    for section in BY_SOURCE:
        kinds = schema["$defs"][section]
        for name, entry in config[section].items():
            if entry.get("source") not in list(kinds):
                found = f"is {shown(entry['source'])}" if "source" in entry else "is missing"
                raise UserError(f"config: {section}.{name}.source {found}; one of: {', '.join(kinds)}")
            validate(entry, kinds[entry["source"]], schema, [section, name])
    return config


def validate(value: dict[str, Any], part: dict[str, Any], whole: dict[str, Any], where: list[str]) -> None:
    """Validate a value against a part of the schema, then fill in that part's defaults (in place)."""
    validator = Validator({**part, "$defs": whole["$defs"]})
    errors = sorted(
        validator.iter_errors(value), key=lambda error: [str(step) for step in error.absolute_path]
    )
    if errors:
        raise UserError("config: " + sentence(errors[0], where))
    fill(value, part)


def fill(value: Any, schema: dict[str, Any]) -> None:
    """Fill in missing keys that have a default, at every level."""
    if not isinstance(value, dict):
        return
    for key, part in schema.get("properties", {}).items():
        if "default" in part and key not in value:
            value[key] = copy.deepcopy(part["default"])
        fill(value.get(key), part)
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        for key in value.keys() - schema.get("properties", {}).keys():
            fill(value[key], others)
