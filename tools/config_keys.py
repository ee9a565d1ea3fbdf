"""Every key of config.yaml, from its schema: where it stands, what it means, what it may be, and examples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]
# What an entry is called whose name is the user's choice.
NAMED = {
    "datasets": "<name>",
    "weight_sources": "<name>",
    "optimizers": "<name>",
    "files": "<weights>",
    "overrides": "<backbone>",
}
# The sections whose entries have the fields of their `source`.
BY_SOURCE = ("datasets", "weight_sources")
# In a place, what stands for an entry of a list.
ENTRY = "[]"


@dataclass(frozen=True)
class Key:
    """A key: its `place` as names from the top, and its `part` of the schema, with what that refers to.

    `source` is the kind of data set or of weights that has it, `lists` tells whether a list of values may
    stand in place of one.
    """

    place: tuple[str, ...]
    part: Schema
    required: bool
    source: str | None = None
    lists: bool = False

    @property
    def name(self) -> str:
        """The key itself."""
        return self.place[-1]

    def __str__(self) -> str:
        return ".".join(self.place).replace(f".{ENTRY}", ENTRY)


def keys(schema: Schema) -> Iterator[Key]:
    """Yield every key, those of an entry right behind it."""
    yield from below(schema, schema, (), None)


def below(part: Schema, schema: Schema, place: tuple[str, ...], source: str | None) -> Iterator[Key]:
    """Yield the keys under a place."""
    for name, own in part.get("properties", {}).items():
        here, whole = (*place, name), resolved(own, schema)
        required = name in part.get("required", ())
        yield Key(here, whole, required, source, lists="items" in own and isinstance(own["type"], list))
        if name in BY_SOURCE:
            for kind, its in schema["$defs"][name].items():
                yield from below(its, schema, (*here, NAMED[name]), kind)
        else:
            yield from below(whole, schema, here, source)
            # Where a text may stand in place of a mapping.
            yield from below(whole.get("else", {}), schema, here, source)
            if "properties" in (others := whole.get("additionalProperties") or {}):
                yield from below(others, schema, (*here, NAMED[name]), source)
            if "properties" in (entry := whole.get("items", {})):
                yield from below(entry, schema, (*here, ENTRY), source)


def resolved(part: Schema, schema: Schema) -> Schema:
    """Return a part with what it refers to, or what the items of the lists do that may stand in its place.

    What it says itself goes before; `limits` keeps the description of a pattern, which says what it allows.
    """
    if "$ref" in part:
        target = schema["$defs"][part["$ref"].removeprefix("#/$defs/")]
    elif "$ref" in part.get("items", {}):
        target = resolved(part["items"], schema)
        part = {
            key: value for key, value in part.items() if key in ("description", "examples", "x-otherwise")
        }
    else:
        target = {}
    whole = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
    if "pattern" in whole:
        whole["limits"] = target.get("limits", target.get("description", whole.get("description")))
    return whole


def allowed(key: Key) -> str:
    """Say what a key's value may be."""
    said = kind(key.part)
    return f"{said}; or a list" if key.lists else said


def kind(part: Schema) -> str:
    """Say what a value may be by a part of the schema."""
    if "const" in part:
        return f"`{part['const']}`"
    if "enum" in part:
        return ", ".join(f"`{one}`" for one in part["enum"])
    if "limits" in part:
        return str(part["limits"])
    wanted = part["type"]
    if wanted == ["string", "object"]:
        return "`folders` or a mapping"
    if wanted == ["string", "array"]:
        return "a name, or a list of names"
    if wanted == "array":
        return listed(part)
    if wanted == "object":
        return "a mapping"
    if wanted == "boolean":
        return "`true` or `false`"
    return numbers(part) if wanted in ("integer", "number") else "text"


def listed(part: Schema) -> str:
    """Say which lists are allowed."""
    if "enum" in part["items"]:
        return f"a list of these: {kind(part['items'])}"
    items = part["items"].get("type")
    if items != "integer":
        return "a list of texts" if items == "string" else "a list of mappings"
    count = part["minItems"] if part["minItems"] == part.get("maxItems") else f"{part['minItems']} or more"
    different = ", all different" if part.get("uniqueItems") else ""
    return f"a list of {count}: {numbers(part['items'])}{different}"


def numbers(part: Schema) -> str:
    """Say which numbers are allowed."""
    limits = []
    if "minimum" in part and "maximum" in part:
        limits.append(f"{part['minimum']:,} to {part['maximum']:,}")
    elif "minimum" in part:
        limits.append(f"{part['minimum']:,} or more")
    if "exclusiveMinimum" in part:
        limits.append(f"above {part['exclusiveMinimum']:,}")
    if "exclusiveMaximum" in part:
        limits.append(f"below {part['exclusiveMaximum']:,}")
    elif "maximum" in part and "minimum" not in part:
        limits.append(f"at most {part['maximum']:,}")
    return f"{'a whole number' if part['type'] == 'integer' else 'a number'}, {', '.join(limits)}"
